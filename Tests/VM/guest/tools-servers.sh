# guest: --cpus 4 --memory 2G --swap 512M
# seconds: 1200
# shellcheck shell=bash
# nginx and Redis start in a vNode of 1.5 CPUs and 512 MiB as they do in the guest.
. /mnt/share/guest/lib/check.sh
. /mnt/share/guest/lib/tools.sh
trap close_all EXIT

tool nginx 'cat >conf <<CONF
daemon off; worker_processes auto; user root; pid $PWD/pid; error_log stderr;
events {}
http { access_log off; client_body_temp_path $PWD; proxy_temp_path $PWD; fastcgi_temp_path $PWD; uwsgi_temp_path $PWD; scgi_temp_path $PWD;
    server { listen 127.0.0.1:8088; return 200 served; } }
CONF
    nginx -e stderr -c $PWD/conf & nginx=$!
    for try in $(seq 120); do curl -sS http://127.0.0.1:8088/ 2>/dev/null && break; sleep 0.5; done
    echo; echo workers $(ps -o args= --ppid $nginx | grep -c "worker process")
    kill $nginx; wait $nginx'
tool redis 'redis-server --port 6388 --bind 127.0.0.1 --save "" --dir $PWD --loglevel notice & redis=$!
    for try in $(seq 120); do redis-cli -p 6388 ping 2>/dev/null | grep PONG && break; sleep 0.5; done
    redis-cli -p 6388 info | tr -d "\r" | grep -E "^(total_system_memory|used_memory|process_id):"
    redis-cli -p 6388 shutdown nosave; wait $redis'
run_tools redis

value nginx "serves" served '/^served$/p'
value nginx "worker_processes auto" 2 's/^workers //p'
value redis "answers" PONG '/^PONG$/p'
check "redis: warns of what it warns of in the guest" "$(grep WARNING $tools/native/redis.out | plain)" \
    "$(grep WARNING $tools/vnode/redis.out | plain)"
value redis "512 MiB" 536870912 's/^total_system_memory://p'
rm -rf $tools
