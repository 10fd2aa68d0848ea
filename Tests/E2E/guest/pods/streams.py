"""Exec and attach through the streaming server of containerd, over websockets."""
import json, time
import websocket

STDIN, STDOUT, STDERR, ERROR, RESIZE = range(5)


class Stream:
    def __init__(self, url, seconds=60):
        self.socket = websocket.create_connection(
            url.replace("http://", "ws://", 1), subprotocols=["v4.channel.k8s.io"], timeout=seconds)
        self.output = {STDOUT: b"", STDERR: b"", ERROR: b""}
        self.ended = False

    def write(self, data):
        self.socket.send_binary(bytes([STDIN]) + data)

    def resize(self, columns, rows):
        self.socket.send_binary(bytes([RESIZE]) + json.dumps({"Width": columns, "Height": rows}).encode())

    def step(self):
        try:
            data = self.socket.recv()
        except websocket.WebSocketConnectionClosedException:
            data = b""
        if not data:
            self.ended = True
            return
        if isinstance(data, str):
            data = data.encode()
        self.output[data[0]] = self.output.get(data[0], b"") + data[1:]

    def until(self, text, seconds=30):
        """Reads until the output has the text; False when it never came."""
        end = time.time() + seconds
        usual = self.socket.gettimeout()
        self.socket.settimeout(1)
        while text not in self.output[STDOUT] and not self.ended and time.time() < end:
            try:
                self.step()
            except websocket.WebSocketTimeoutException:
                pass
        self.socket.settimeout(usual)
        return text in self.output[STDOUT]

    def finish(self):
        """Exit status of the command."""
        while not self.ended:
            self.step()
        self.socket.close()
        status = json.loads(self.output[ERROR] or b'{"status": "Success"}')
        if status.get("status") == "Success":
            return 0
        causes = {cause["reason"]: cause["message"] for cause in status.get("details", {}).get("causes", [])}
        return int(causes["ExitCode"]) if "ExitCode" in causes else status
