#!/usr/bin/env python3
"""Prints a line for each packet of a pcap file: protocol, ends, and the bytes that were kept. Fails on anything out of order.

    pcap.py FILE
"""
import ipaddress
import struct
import sys

data = open(sys.argv[1], "rb").read()
magic, major, minor, _, _, snap, link = struct.unpack_from("=IHHIIII", data)
assert (magic, major, minor, link) == (0xA1B2C3D4, 2, 4, 1), "not a pcap file of Ethernet frames"
at, last = 24, 0
while at < len(data):
    seconds, micro, kept, length = struct.unpack_from("=IIII", data, at)
    frame = data[at + 16 : at + 16 + kept]
    assert len(frame) == kept <= min(snap, length) and micro < 1_000_000, "half a packet"
    assert seconds * 1_000_000 + micro >= last, "time goes back"
    last = seconds * 1_000_000 + micro
    at += 16 + kept
    (kind,) = struct.unpack_from("!H", frame, 12)
    if kind != 0x0800:
        print({0x0806: "arp", 0x86DD: "ipv6"}.get(kind, hex(kind)), kept)
        continue
    ends = [str(ipaddress.ip_address(frame[o : o + 4])) for o in (26, 30)]
    protocol = {1: "icmp", 6: "tcp", 17: "udp"}.get(frame[23], frame[23])
    ports = struct.unpack_from("!HH", frame, 34) if protocol in ("tcp", "udp") and kept >= 38 else ("-", "-")
    print(protocol, f"{ends[0]}:{ports[0]} {ends[1]}:{ports[1]}", kept)
