#!/usr/bin/env python3
"""The other end of the network tests: small servers on a port of the kernel's choice, which they print first.

    netserver.py echo ADDRESS        sends back what it gets, to the end of the stream
    netserver.py sum ADDRESS         reads to the end, answers with the SHA-256
    netserver.py send ADDRESS FILE   sends the file
    netserver.py reset ADDRESS       resets each connection
    netserver.py urgent ADDRESS      sends "before", an urgent "!" and "after", and waits
    netserver.py who ADDRESS PORT    tells each client its address
    netserver.py greet ADDRESS PORT  says "served"
    netserver.py hear ADDRESS PORT   says nothing, and prints how each connection ends; port 0: of the kernel's choice
    netserver.py wait ADDRESS PORT   connects as soon as that goes, says nothing, and prints how it ends
    netserver.py udp-echo ADDRESS    sends each datagram back
    netserver.py names ADDRESS ANSWER   a name server on port 53: each name has the IPv4 address ANSWER
    netserver.py names-tcp ADDRESS ANSWER   the same over TCP
    netserver.py udp-ask ADDRESS PORT SIZE   sends one datagram and says how much came back
    netserver.py udp-who ADDRESS PORT        sends each datagram back, and from whom it came
    netserver.py udp-first ADDRESS PORT OWN  from port OWN: tells whoever listens there, then is udp-who on OWN
    netserver.py udp-hear ADDRESS            prints a port, and from which one the first datagram to it comes; then asks that one
    netserver.py udp-say ADDRESS PORT TEXT   sends the text and prints the answer, and from whom that came
    netserver.py udp-pair PORT SOURCE ADDRESS ADDRESS   asks from one source port of both addresses, and says who got its own text
    netserver.py udp-many ADDRESS PORT COUNT SIZE       sends so many at once and counts the answers
    netserver.py ask ADDRESS PORT    connects and prints all that comes, two seconds long at most
"""
import hashlib
import socket
import struct
import sys
import threading
import time


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def chunks(connection):
    while data := connection.recv(65536):
        yield data


def echo(connection):
    for data in chunks(connection):
        connection.sendall(data)


def checksum(connection):
    digest = hashlib.sha256()
    for data in chunks(connection):
        digest.update(data)
    connection.sendall(digest.hexdigest().encode() + b"\n")


def send(connection):
    with open(sys.argv[3], "rb") as file:
        connection.sendfile(file)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def greet(connection):
    connection.sendall(b"served\n")


def who(connection):
    connection.sendall(connection.getpeername()[0].encode() + b"\n")


def urgent(connection):
    connection.sendall(b"before")
    connection.send(b"!", socket.MSG_OOB)
    connection.sendall(b"after")
    hear(connection)


def hear(connection):
    try:
        while connection.recv(65536):
            pass
        print("end of stream", flush=True)
    except OSError as error:
        print(type(error).__name__, flush=True)


def wait(address, port):
    for _ in range(100):
        try:
            connection = socket.create_connection((address, port), 5)
        except OSError:
            time.sleep(0.1)
            continue
        connection.settimeout(None)
        return hear(connection)


def serve(listener, answer):
    def one(connection):
        with connection:
            answer(connection)

    while True:
        threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()


def ask(address, port):
    with socket.create_connection((address, port), 5) as connection:
        connection.settimeout(2)
        try:
            for data in chunks(connection):
                sys.stdout.write(data.decode())
        except TimeoutError:
            pass


def answer_query(query, answer):
    question = query[12:query.index(0, 12) + 5]
    record = b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04" + socket.inet_aton(answer)
    return query[:2] + b"\x81\x80\0\x01\0\x01\0\0\0\0" + question + record


def names(address, answer):
    with socket.socket(family(address), socket.SOCK_DGRAM) as server:
        server.bind((address, 53))
        while True:
            query, client = server.recvfrom(4096)
            server.sendto(answer_query(query, answer), client)


def names_tcp(address, answer):
    with socket.create_server((address, 53)) as server:
        while True:
            connection, _ = server.accept()
            with connection, connection.makefile("rwb") as stream:
                size, = struct.unpack(">H", stream.read(2))
                reply = answer_query(stream.read(size), answer)
                stream.write(struct.pack(">H", len(reply)) + reply)


def udp_ask(address, port, size):
    with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.connect((address, port))
        sent = bytes(i % 251 for i in range(size))
        sock.send(sent)
        came = sock.recv(65536)
        print(len(came) if came == sent else "something else", "came back")


def udp_say(address, port, text):
    with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
        sock.settimeout(1)
        sock.sendto(text.encode(), (address, port))
        answer, (host, number, *_) = sock.recvfrom(65536)
        print(f"{answer.decode()} by {host}:{number}")


def udp_first(address, port, own):
    with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
        sock.bind(("0.0.0.0", own))
        sock.sendto(b"first", (address, port))
        while True:
            data, peer = sock.recvfrom(65536)
            sock.sendto(data + b" again", peer)


def udp_hear(address):
    with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
        sock.bind((address, 0))
        sock.settimeout(10)
        print(sock.getsockname()[1], flush=True)
        data, peer = sock.recvfrom(65536)
        sock.sendto(b"answer", peer)
        print(data.decode(), "from", peer[1], sock.recv(100).decode(), flush=True)


def udp_pair(port, source, addresses):
    socks = []
    for address in addresses:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(5)
        sock.bind((address, source))
        sock.connect(("127.0.0.1", port))
        sock.send(address.encode())
        socks.append(sock)
    print(*[sock.recv(100).decode().split()[0] for sock in socks])


def udp_many(address, port, count, size):
    with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.connect((address, port))
        came = set()
        for first in range(0, count, 20):  # what queues hold without losing any
            for number in range(first, min(first + 20, count)):
                sock.send(f"{number:06}".encode() + bytes(size - 6))
            for _ in range(first, min(first + 20, count)):
                came.add(int(sock.recv(65536)[:6]))
        print(len(came), "of", count)


def main():
    kind, address = sys.argv[1:3]
    if kind == "udp-say":
        return udp_say(address, int(sys.argv[3]), sys.argv[4])
    if kind == "udp-pair":
        return udp_pair(int(address), int(sys.argv[3]), sys.argv[4:])
    if kind == "udp-first":
        return udp_first(address, int(sys.argv[3]), int(sys.argv[4]))
    if kind == "udp-hear":
        return udp_hear(address)
    if kind == "udp-many":
        return udp_many(address, *map(int, sys.argv[3:]))
    if kind == "udp-ask":
        return udp_ask(address, int(sys.argv[3]), int(sys.argv[4]))
    if kind == "names":
        return names(address, sys.argv[3])
    if kind == "names-tcp":
        return names_tcp(address, sys.argv[3])
    if kind == "wait":
        return wait(address, int(sys.argv[3]))
    if kind == "ask":
        return ask(address, int(sys.argv[3]))
    stream = not kind.startswith("udp-")
    sock = socket.socket(family(address), socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    sock.bind((address, int(sys.argv[3]) if kind in ("greet", "hear", "who", "udp-who") else 0))
    if stream:
        sock.listen(100)
    print(sock.getsockname()[1], flush=True)
    if stream:
        return serve(sock, {"echo": echo, "sum": checksum, "send": send, "reset": reset, "greet": greet, "hear": hear, "who": who, "urgent": urgent}[kind])
    while True:
        data, peer = sock.recvfrom(65536)
        sock.sendto(data + f" from {peer[0]}".encode() if kind == "udp-who" else data, peer)


if __name__ == "__main__":
    main()
