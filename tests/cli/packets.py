#!/usr/bin/env python3
"""Packet scripts against the stack behind a container's interface: run inside, as root with CAP_NET_RAW.

    packets.py ECHO-ADDRESS ECHO-PORT GREET-ADDRESS GREET-PORT CLOSED-PORT URGENT-PORT

Speaks as 10.88.0.77, which is nobody's: the container's kernel does not interfere. Silence is shown by order: what is answered was sent later.
Prints the name of each script that went as it should.
"""
import socket
import struct
import sys
import time

US, GATEWAY = "10.88.0.77", "10.88.0.1"
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
PATIENCE = 20


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Tcp:
    """A segment that has come."""

    def __init__(self, ip):
        header = (ip[0] & 15) * 4
        self.source, tcp = socket.inet_ntoa(ip[12:16]), ip[header:struct.unpack(">H", ip[2:4])[0]]
        self.sport, self.dport, self.seq, self.ack, offset, self.window = struct.unpack(">HHIIHH", tcp[:16])
        self.flags, self.options, self.data = offset & 0x3F, tcp[20:(offset >> 12) * 4], tcp[(offset >> 12) * 4:]


class Wire:
    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind(("eth0", 0))
        with open("/sys/class/net/eth0/address") as file:
            self.mac = bytes.fromhex(file.read().strip().replace(":", ""))
        self.peer = b"\xff" * 6

    def send(self, kind, payload):
        self.socket.send(self.peer + self.mac + struct.pack(">H", kind) + payload)

    def send_ip(self, to, protocol, payload):
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0, socket.inet_aton(US), socket.inet_aton(to))
        self.send(0x0800, head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload)

    def send_tcp(self, to, sport, dport, seq, ack, flags, data=b"", window=65535, options=b"", spoil=0, urgent=0):
        head = struct.pack(">HHIIHHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, (5 + len(options) // 4) << 12 | flags, window, 0, urgent) + options + data
        pseudo = socket.inet_aton(US) + socket.inet_aton(to) + struct.pack(">HH", 6, len(head))
        self.send_ip(to, 6, head[:16] + struct.pack(">H", checksum(pseudo + head) ^ spoil) + head[18:])

    def frames(self):
        end = time.monotonic() + PATIENCE
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                frame, address = self.socket.recvfrom(70000)
            except TimeoutError:
                break
            if address[2] != 4:  # PACKET_OUTGOING
                yield struct.unpack(">H", frame[12:14])[0], frame[14:]
        raise AssertionError("nothing comes")

    def next(self, port):
        """The next segment to our port; what comes to the ones below 40000 is none that may come."""
        for kind, packet in self.frames():
            if kind == 0x0800 and packet[9] == 6 and packet[16:20] == socket.inet_aton(US):
                segment = Tcp(packet)
                assert segment.dport >= 40000, "an answer to what deserves none"
                if segment.dport == port:
                    return segment
        return None


class Conversation:
    def __init__(self, wire, address, port, own, window=65535):
        self.wire, self.address, self.port, self.own, self.seq = wire, address, port, own, 1000
        wire.send_tcp(address, own, port, self.seq, 0, SYN, options=b"\x02\x04\x05\xb4\x01\x03\x03\x07")
        answer = wire.next(own)
        assert answer.flags == SYN | ACK and answer.ack == self.seq + 1, "no SYN-ACK"
        assert answer.options[:2] == b"\x02\x04" and b"\x03\x03" in answer.options, "no MSS or window scale"
        self.seq, self.ack = self.seq + 1, answer.seq + 1
        self.send(b"", window=window)

    def send(self, data, offset=0, flags=ACK, window=65535, ack=None, urgent=0):
        self.wire.send_tcp(self.address, self.own, self.port, self.seq + offset, self.ack if ack is None else ack, flags, data, window, urgent=urgent)

    def next(self):
        return self.wire.next(self.own)

    def until(self, is_it):
        while not is_it(segment := self.next()):
            pass
        return segment


def arp(wire):
    wire.send(0x0806, struct.pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, wire.mac, socket.inet_aton(US), bytes(6), socket.inet_aton(GATEWAY)))
    for kind, packet in wire.frames():
        if kind == 0x0806 and packet[6:8] == b"\0\2" and packet[14:18] == socket.inet_aton(GATEWAY):
            wire.peer = packet[8:14]
            return


def refused(wire, address, closed):
    wire.send_tcp(address, 40001, closed, 77, 0, SYN)
    answer = wire.next(40001)
    assert answer.flags == RST | ACK and answer.ack == 78 and answer.source == address


def stray(wire, address, closed):
    wire.send_tcp(address, 40002, closed, 77, 4711, ACK)
    answer = wire.next(40002)
    assert answer.flags == RST and answer.seq == 4711
    wire.send_tcp(address, 30000, closed, 77, 0, RST)  # never an answer to a reset


def wrong_checksum(wire, address, port):
    wire.send_tcp(address, 30001, port, 1, 0, SYN, spoil=1)
    Conversation(wire, address, port, 40003)


def out_of_order(wire, address, port):
    talk = Conversation(wire, address, port, 40004)
    talk.send(b"world", offset=5)
    assert talk.next().ack == talk.seq, "acknowledged what is behind a gap"
    talk.send(b"hello")
    talk.until(lambda s: s.ack == talk.seq + 10)
    talk.seq += 10
    first = talk.until(lambda s: s.data)
    assert first.seq == talk.ack
    again = talk.until(lambda s: s.data and s.seq == talk.ack)  # not acknowledged: it comes again
    assert b"helloworld".startswith(again.data)
    heard = again.data
    talk.ack += len(heard)
    talk.send(b"")
    while heard != b"helloworld":
        more = talk.until(lambda s: s.data and s.seq == talk.ack)
        heard, talk.ack = heard + more.data, talk.ack + len(more.data)
        talk.send(b"")
    talk.send(b"", flags=FIN | ACK)
    end = talk.until(lambda s: s.flags & FIN)
    assert end.ack == talk.seq + 1 and end.seq == talk.ack


def outside_the_window(wire, address, port):
    talk = Conversation(wire, address, port, 40005)
    talk.send(b"x", offset=1 << 30)
    answer = talk.next()
    assert answer.flags == ACK and answer.ack == talk.seq and not answer.data
    talk.send(b"y")
    assert talk.until(lambda s: s.data).data == b"y"


def resets(wire, address, port):
    talk = Conversation(wire, address, port, 40006)
    talk.send(b"", offset=100, flags=RST)  # in the window, but not the next number: a challenge (RFC 5961, 3.2)
    answer = talk.next()
    assert answer.flags == ACK and answer.ack == talk.seq
    talk.send(b"", flags=SYN)  # the same (4.2)
    assert talk.next().flags == ACK
    talk.send(b"z")
    assert talk.until(lambda s: s.data).data == b"z"
    talk.send(b"", offset=1, flags=RST)
    talk.send(b"", offset=1)
    assert talk.until(lambda s: s.flags & RST).flags == RST, "it is still there"


def closed_window(wire, address, port):
    talk = Conversation(wire, address, port, 40007, window=0)
    probe = talk.until(lambda s: s.data)
    assert probe.data == b"s" and probe.seq == talk.ack, "more than a probe"
    talk.send(b"")
    heard = b""
    while heard != b"served\n":
        segment = talk.until(lambda s: s.data and s.seq == talk.ack)
        heard, talk.ack = heard + segment.data, talk.ack + len(segment.data)
        talk.send(b"")


def read(talk, wanted):
    """All of it, in order, without anything urgent."""
    heard = b""
    while heard != wanted:
        segment = talk.until(lambda s: s.data and s.seq == talk.ack)
        assert not segment.flags & URG, "something is still urgent"
        heard, talk.ack = heard + segment.data, talk.ack + len(segment.data)
        assert wanted.startswith(heard), f"heard {heard}"
        talk.send(b"")


def urgent(wire, address, port):
    """It is data like any other: in line, and urgent no more (RFC 6093, 3.1)."""
    talk = Conversation(wire, address, port, 40008)
    talk.send(b"hello", flags=ACK | URG, urgent=3)
    talk.seq += 5
    talk.send(b"", flags=ACK | URG, urgent=700)  # of what was not sent yet
    talk.send(b"world", flags=ACK | URG, urgent=0xFFFF)
    talk.seq += 5
    read(talk, b"helloworld")


def urgent_of_the_server(wire, address, port):
    read(Conversation(wire, address, port, 40009), b"before!after")


def neighbours(wire):
    ours, gateway = socket.inet_pton(socket.AF_INET6, "fd88::77"), socket.inet_pton(socket.AF_INET6, "fd88::1")

    def solicit(hops, target):
        body = struct.pack(">BBHI", 135, 0, 0, 0) + target + b"\x01\x01" + wire.mac
        pseudo = ours + gateway + struct.pack(">II", len(body), 58)
        body = body[:2] + struct.pack(">H", checksum(pseudo + body)) + body[4:]
        wire.send(0x86DD, struct.pack(">IHBB", 6 << 28, len(body), 58, hops) + ours + gateway + body)

    solicit(64, socket.inet_pton(socket.AF_INET6, "fe80::1"))  # was forwarded: no answer
    solicit(255, socket.inet_pton(socket.AF_INET6, "fd88::2"))  # is not ours
    solicit(255, gateway)
    for kind, packet in wire.frames():
        if kind == 0x86DD and packet[6] == 58 and packet[40] == 136:
            assert packet[48:64] == gateway and packet[7] == 255 and packet[66:72] == wire.peer
            return


def main():
    echo, echo_port, greet, greet_port, closed, hasty = sys.argv[1], int(sys.argv[2]), sys.argv[3], *map(int, sys.argv[4:7])
    wire = Wire()
    for script, words in ((arp, ()), (refused, (echo, closed)), (stray, (echo, closed)), (wrong_checksum, (echo, echo_port)), (out_of_order, (echo, echo_port)),
                          (outside_the_window, (echo, echo_port)), (resets, (echo, echo_port)), (closed_window, (greet, greet_port)),
                          (urgent, (echo, echo_port)), (urgent_of_the_server, (greet, hasty)), (neighbours, ())):
        script(wire, *words)
        print(script.__name__, flush=True)


if __name__ == "__main__":
    main()
