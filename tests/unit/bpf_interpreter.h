// The classic BPF of seccomp(2) run in the test, so that filters are judged by what they decide.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstring>
#include <span>
#include <stdexcept>

/// What the kernel would decide for `call`. Throws where it would refuse the program.
inline std::uint32_t run_filter(std::span<const sock_filter> program, const seccomp_data& call) {
    std::uint32_t accumulator = 0;
    for (std::size_t at = 0; at < program.size(); ++at) {
        const sock_filter& step = program[at];
        switch (step.code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (step.k % 4 != 0 || step.k + 4 > sizeof call) throw std::runtime_error("load outside seccomp_data");
            std::memcpy(&accumulator, reinterpret_cast<const char*>(&call) + step.k, 4);
            break;
        case BPF_ALU | BPF_AND | BPF_K: accumulator &= step.k; break;
        case BPF_JMP | BPF_JA: at += step.k; break;
        case BPF_JMP | BPF_JEQ | BPF_K: at += accumulator == step.k ? step.jt : step.jf; break;
        case BPF_JMP | BPF_JGT | BPF_K: at += accumulator > step.k ? step.jt : step.jf; break;
        case BPF_JMP | BPF_JGE | BPF_K: at += accumulator >= step.k ? step.jt : step.jf; break;
        case BPF_RET | BPF_K: return step.k;
        default: throw std::runtime_error("unexpected instruction");
        }
    }
    throw std::runtime_error("ran off the end");
}
