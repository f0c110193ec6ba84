// A container's way to the world (netstack.md, tier T1): its TAP on one side, sockets of the host's on the other.
//
// Theory of operation
//
// Aims. Outbound TCP, UDP and ping over IPv4 and IPv6, names, and published ports with the client's own address, for an
// ordinary user: no privilege on the host, nothing set up there, nothing left behind. At the host's true MTU as fast as a
// TAP allows: large packets both ways (TSO, USO), no checksum and no copy of ours on the way.
//
// Non-aims. Forwarding packets: there is no route through us, only conversations that end on both sides. Networks that
// containers share. Multicast and broadcast, which are dropped.
//
// Actors. One thread, one epoll instance, in the host's network namespace, where all its sockets are. The TAP's descriptor
// came from the container's namespace (tap_setup.h). The parts, each by itself testable:
//
//   Link ── frames ──▶ parse (wire/) ──┬─ ARP, neighbour discovery      neighbors
//    ▲                                 ├─ fragments                     reassembly, and again from the start
//    │                                 ├─ TCP                           tcp_flows ─ tcp/Connection ─ sockets
//    └── FrameWriter ◀─ all of them    ├─ UDP                           udp_flows ─ sockets;  port 53 of the gateway, also TCP's: dns/
//                                      └─ echo                          echo_flows ─ ping sockets
//
// Where anything may go is Policy's decision alone (policy.h). Addresses are the same in every container: each is the only
// one on its link.
//
// A turn. Events are taken in batches. From the TAP at most 32 frames are read (8 while sockets have news), each handled at
// once; datagrams wait for the end of the batch to leave together. Then acknowledgments that have become due go out, one for
// each connection, and timers fire. The time is read once a turn.
//
// Limits. Connections: a quarter of RLIMIT_NOFILE's descriptors stays free, 16 384 at most; 1024 UDP flows, 64 pings, 256
// questions to name servers, 64 conversations with ours. What is full refuses the new (TCP asks again) or lets the oldest go (UDP, ping). Memory is
// reserved at the start and resident as far as used; nothing is allocated afterwards.
//
// Failure story. The container can send whatever it likes: what does not parse is dropped, what belongs to nothing is
// answered with a reset. When the container ends, connections have `drain` to bring out its last bytes; then the rest is
// reset. When this process dies, the kernel closes the TAP and all sockets: the container has an interface no more, peers see
// resets.
#pragma once

#include "base/unique_fd.h"
#include "netstack/dns/forwarder.h"
#include "netstack/forward.h"
#include "netstack/link.h"
#include "netstack/policy.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace netstack {

struct StackPlan {
    UniqueFd tap;                   ///< from receive_tap()
    LinkFeatures features;
    std::uint16_t mtu = 1500;       ///< as in the TapPlan
    UniqueFd stop;                  ///< readable or hung up: time to end
    std::vector<Forward> forwards;  ///< listeners of the host's namespace
    UniqueFd control;               ///< where orders come from while it runs (order.h); may be empty
    PolicyRules rules;
    std::vector<dns::LocalName> names; ///< answered by the name server before the host's are asked
    UniqueFd counters;                 ///< a file of sizeof(CounterSlot) bytes, where the work is shown; may be empty
    UniqueFd journal;                  ///< a file of FlowJournal::file_size() bytes, for who follows this process; may be empty
    std::string resolv_conf;           ///< what is in this machine's at first; orders bring changes
    std::chrono::milliseconds drain{2000};
    std::function<void()> stopped;  ///< called once the listeners are closed, after `stop`
};

/// Runs until `stop` fires and the connections are drained, or the TAP is gone. Returns 0, or the errno of a failed
/// preparation. Blocks SIGPIPE in the calling thread.
[[nodiscard]] int run_stack(StackPlan plan) noexcept;

} // namespace netstack
