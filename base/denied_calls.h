// A seccomp filter (seccomp(2)) for our own helpers that read what strangers wrote: the calls that they never need and that would be
// worth most to somebody who got hold of them are not there any more. A second line behind Landlock and few capabilities.
#pragma once

#include <cstdint>
#include <span>

/// Executing, tracing, mounting, namespaces, the kernel's rarely used corners.
std::span<const int> dangerous_calls() noexcept;
/// Making sockets.
std::span<const int> network_calls() noexcept;

/// From here on these fail with EPERM in all threads and in what they start; a call of another architecture ends the process. The
/// caller must have no_new_privs or CAP_SYS_ADMIN. Where the kernel has no seccomp nothing happens. Throws SysError.
void deny_calls(std::span<const int> calls);

/// A call that stays: as a whole, or as long as the low half of one argument is among some values or without some bits.
struct PermittedCall {
    enum class If : unsigned char { always, among, without };

    constexpr PermittedCall(int call) noexcept : number(call) {}
    /// `which` argument: 0 to 5. `chosen` is borrowed; at most 100.
    constexpr PermittedCall(int call, unsigned which, std::span<const std::uint32_t> chosen) noexcept
        : number(call), argument(which), condition(If::among), values(chosen) {}
    constexpr PermittedCall(int call, unsigned which, std::uint32_t forbidden) noexcept
        : number(call), argument(which), condition(If::without), bits(forbidden) {}

    int number; ///< negative: not of this architecture
    unsigned argument = 0;
    If condition = If::always;
    std::span<const std::uint32_t> values{};
    std::uint32_t bits = 0;
};

/// The same the other way round: from here on only these are there. Each is named once.
void allow_only(std::span<const PermittedCall> calls);
