"""Numbered keys all over the cluster, written by redis-py until stdin ends; every acknowledged one is read back."""

import json
import logging
import os
import sys
import threading
import time

from redis.exceptions import TimeoutError
from redis.cluster import ClusterNode, RedisCluster

# It logs each MOVED that it follows.
logging.disable()
WRITERS = 3


def connect():
    nodes = [node.rsplit(":", 1) for node in os.environ["NODES"].split(",")]
    return RedisCluster(
        startup_nodes=[ClusterNode(host, int(port)) for host, port in nodes],
        password=os.environ["PASSWORD"],
        decode_responses=True,
        # As docs/clients.md recommends.
        require_full_coverage=False,
        cluster_error_retry_attempts=10,
        socket_timeout=1,
        socket_connect_timeout=1,
    )


acknowledged = [[] for _ in range(WRITERS)]
errors = {}
timeouts = 0
stopped = threading.Event()


def write(writer, client):
    global timeouts
    number = writer
    while not stopped.is_set():
        try:
            client.set(f"py:{number}", number)
            acknowledged[writer].append(number)
        except TimeoutError:
            # A slow machine has them as well; a write that is not acknowledged cannot be lost.
            timeouts += 1
        except Exception as error:
            kind = type(error).__name__
            errors[kind] = errors.get(kind, 0) + 1
        number += WRITERS


threads = [threading.Thread(target=write, args=(writer, connect())) for writer in range(WRITERS)]
start = time.monotonic()
for thread in threads:
    thread.start()
print("started", flush=True)
sys.stdin.read()
stopped.set()
for thread in threads:
    thread.join()
seconds = time.monotonic() - start

reader = connect()
numbers = [number for part in acknowledged for number in part]
lost = 0
for at in range(0, len(numbers), 1000):
    part = numbers[at : at + 1000]
    pipeline = reader.pipeline()
    for number in part:
        pipeline.get(f"py:{number}")
    lost += sum(value != str(number) for number, value in zip(part, pipeline.execute()))
rate = round(len(numbers) / seconds)
print(json.dumps({"acknowledged": len(numbers), "lost": lost, "rate": rate, "timeouts": timeouts, "errors": errors}))
