"""A CRI client made from the published definition: requests are dictionaries, answers are messages."""
import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

DESCRIPTORS = "/usr/local/share/pods/cri.pb"
SOCKET = "unix:///run/containerd/containerd.sock"


class CRI:
    def __init__(self, address=SOCKET):
        files = descriptor_pb2.FileDescriptorSet()
        with open(DESCRIPTORS, "rb") as file:
            files.ParseFromString(file.read())
        pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            pool.Add(file)
        self.services = {name: pool.FindServiceByName(f"runtime.v1.{name}") for name in ["RuntimeService", "ImageService"]}
        self.channel = grpc.insecure_channel(address)
        self.calls = {}

    @staticmethod
    def message_class(descriptor):
        if hasattr(message_factory, "GetMessageClass"):
            return message_factory.GetMessageClass(descriptor)
        return message_factory.MessageFactory().GetPrototype(descriptor)

    def call(self, method, request=None, seconds=120, service="RuntimeService"):
        """Raises grpc.RpcError, whose details() is what kubectl describe would show."""
        if method not in self.calls:
            description = self.services[service].methods_by_name[method]
            request_class, reply_class = self.message_class(description.input_type), self.message_class(description.output_type)
            stub = self.channel.unary_unary(
                f"/runtime.v1.{service}/{method}", request_serializer=request_class.SerializeToString,
                response_deserializer=reply_class.FromString)
            self.calls[method] = (request_class, stub)
        request_class, stub = self.calls[method]
        return stub(json_format.ParseDict(request or {}, request_class()), timeout=seconds)

    def close(self):
        self.channel.close()
