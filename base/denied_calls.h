// A seccomp filter (seccomp(2)) for our own helpers that read what strangers wrote: the calls that they never need and that would be
// worth most to somebody who got hold of them are not there any more. A second line behind Landlock and few capabilities.
#pragma once

#include <span>

/// Executing, tracing, mounting, namespaces, the kernel's rarely used corners.
std::span<const int> dangerous_calls() noexcept;
/// Making sockets.
std::span<const int> network_calls() noexcept;

/// From here on these fail with EPERM in all threads and in what they start; a call of another architecture ends the process. The
/// caller must have no_new_privs or CAP_SYS_ADMIN. Where the kernel has no seccomp nothing happens. Throws SysError.
void deny_calls(std::span<const int> calls);

/// The same the other way round: from here on only `calls` are there, and socket(2), where it is among them, makes sockets of
/// `families` (AF_*) alone.
void allow_only(std::span<const int> calls, std::span<const int> families);
