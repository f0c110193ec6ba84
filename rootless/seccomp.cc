// Seccomp policies to classic BPF, see rootless/seccomp.h.
//
// libseccomp's own generator takes tens of milliseconds for a policy of 400 names, more than the whole start of a
// container may take, and caching its output would put a file between the policy and what is enforced. So the names are
// looked up with libseccomp and the program is generated here: per architecture the numbers are cut into segments of
// equal fate, and a binary search over the segments leads to each one's code. Neighbouring allowed numbers melt into one
// segment, which keeps the program at a few hundred instructions and one compilation below that of reading a cache.
#include "rootless/seccomp.h"

#include "base/error.h"
#include "rootless/seccomp_names.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <deque>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>

namespace rootless {
namespace {

constexpr unsigned wait_killable_flag = 1U << 5; // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, kernel 5.19; not in Debian 12's headers

using oci::SeccompAction;
using oci::SeccompArg;
using oci::SeccompOp;
using Code = std::vector<sock_filter>;

constexpr std::uint32_t x32_bit = 0x4000'0000;
/// A tracer skips a call by making its number -1; the default action answers it, as libseccomp's programs do.
constexpr std::uint32_t skipped_call = 0xffff'ffff;
constexpr std::size_t longest_short_jump = 255; // jt and jf are bytes

sock_filter statement(unsigned code, std::uint32_t k) { return BPF_STMT(static_cast<std::uint16_t>(code), k); }

sock_filter jump(unsigned test, std::uint32_t k, std::size_t if_true, std::size_t if_false) {
    return BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | test | BPF_K), k, static_cast<std::uint8_t>(if_true),
                    static_cast<std::uint8_t>(if_false));
}

sock_filter load(std::size_t offset) { return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }

sock_filter give_back(std::uint32_t value) { return statement(BPF_RET | BPF_K, value); }

void append(Code& to, const Code& more) { to.insert(to.end(), more.begin(), more.end()); }

std::uint32_t return_value(SeccompAction action, std::optional<std::uint32_t> errno_ret) {
    const std::uint32_t data = errno_ret.value_or(EPERM) & SECCOMP_RET_DATA;
    switch (action) {
    case SeccompAction::allow: return SECCOMP_RET_ALLOW;
    case SeccompAction::log: return SECCOMP_RET_LOG;
    case SeccompAction::error: return SECCOMP_RET_ERRNO | data;
    case SeccompAction::trace: return SECCOMP_RET_TRACE | data;
    case SeccompAction::trap: return SECCOMP_RET_TRAP;
    case SeccompAction::kill_thread: return SECCOMP_RET_KILL_THREAD;
    case SeccompAction::kill_process: return SECCOMP_RET_KILL_PROCESS;
    case SeccompAction::notify: return SECCOMP_RET_USER_NOTIF;
    }
    return SECCOMP_RET_KILL_PROCESS;
}

/// A test of one argument. Falls through when it holds; `fail` is how many instructions after it the failure lies.
/// The program sees 64-bit arguments as two 32-bit words.
class ArgTest {
public:
    explicit ArgTest(const SeccompArg& arg) : arg_(arg) {}

    Code code(std::size_t fail) const {
        switch (arg_.op) {
        case SeccompOp::equal: return {load(high()), jump(BPF_JEQ, upper(arg_.value), 0, fail + 2), load(low()),
                                       jump(BPF_JEQ, lower(arg_.value), 0, fail)};
        case SeccompOp::not_equal: return {load(high()), jump(BPF_JEQ, upper(arg_.value), 0, 2), load(low()),
                                           jump(BPF_JEQ, lower(arg_.value), fail, 0)};
        case SeccompOp::greater: return ordered(BPF_JGT, fail);
        case SeccompOp::greater_equal: return ordered(BPF_JGE, fail);
        case SeccompOp::less: return reversed(BPF_JGE, fail);
        case SeccompOp::less_equal: return reversed(BPF_JGT, fail);
        case SeccompOp::masked_equal: return masked(fail);
        }
        return {};
    }

private:
    static std::uint32_t upper(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }
    static std::uint32_t lower(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
    std::size_t word(bool second) const { return offsetof(seccomp_data, args) + 8 * arg_.index + (second ? 4 : 0); }
    std::size_t high() const { return word(std::endian::native == std::endian::little); }
    std::size_t low() const { return word(std::endian::native == std::endian::big); }

    /// argument > value, or >= with BPF_JGE for the lower word.
    Code ordered(unsigned lower_test, std::size_t fail) const {
        return {load(high()), jump(BPF_JGT, upper(arg_.value), 3, 0), jump(BPF_JEQ, upper(arg_.value), 0, fail + 2),
                load(low()), jump(lower_test, lower(arg_.value), 0, fail)};
    }

    /// argument < value (BPF_JGE fails it), or <= (BPF_JGT does).
    Code reversed(unsigned lower_test, std::size_t fail) const {
        return {load(high()), jump(BPF_JGT, upper(arg_.value), fail + 3, 0), jump(BPF_JEQ, upper(arg_.value), 0, 2),
                load(low()), jump(lower_test, lower(arg_.value), fail, 0)};
    }

    Code masked(std::size_t fail) const {
        const Code lower_half{load(low()), statement(BPF_ALU | BPF_AND | BPF_K, lower(arg_.value)),
                              jump(BPF_JEQ, lower(arg_.value_two), 0, fail)};
        if (upper(arg_.value) == 0 && upper(arg_.value_two) == 0) return lower_half;
        Code code{load(high()), statement(BPF_ALU | BPF_AND | BPF_K, upper(arg_.value)),
                  jump(BPF_JEQ, upper(arg_.value_two), 0, fail + 3)};
        append(code, lower_half);
        return code;
    }

    SeccompArg arg_;
};

/// One rule for one number: all `args` must hold.
struct NumberRule {
    std::uint32_t number;
    std::uint32_t returned;
    std::span<const SeccompArg> args;
};

/// Tests, then the return; what follows the code is reached when a test fails.
Code rule_code(const NumberRule& rule) {
    Code code{give_back(rule.returned)};
    for (std::size_t i = rule.args.size(); i-- > 0;) {
        Code test = ArgTest(rule.args[i]).code(code.size());
        append(test, code);
        code = std::move(test);
    }
    return code;
}

/// The numbers of one architecture token and what becomes of them.
class NumberTable {
public:
    NumberTable(std::uint32_t arch, std::uint32_t default_return) : arch_(arch), default_(default_return) {}

    void add(const oci::SeccompRule& rule) {
        const std::uint32_t returned = return_value(rule.action, rule.errno_ret);
        for (const std::string& name : rule.names) add_name(name, returned, rule.args);
    }

    /// The code of every number that does not simply get the default, sorted by number.
    std::vector<std::pair<std::uint32_t, Code>> finish() {
        std::ranges::stable_sort(rules_, {}, &NumberRule::number);
        std::vector<std::pair<std::uint32_t, Code>> table;
        for (auto first = rules_.begin(); first != rules_.end();) {
            const auto last = std::find_if(first, rules_.end(), [&](const auto& r) { return r.number != first->number; });
            Code code = chain({first, last});
            if (code.size() != 1 || code.front().k != default_) table.emplace_back(first->number, std::move(code));
            first = last;
        }
        return table;
    }

private:
    void add_name(const std::string& name, std::uint32_t returned, const std::vector<SeccompArg>& args) {
        const SyscallNumbers found = find_syscall(arch_, name);
        if (found.direct) add_alternatives(*found.direct, returned, args);
        // The multiplexers take their arguments from memory, where no filter can look: only plain rules carry over.
        if (found.multiplexer && args.empty()) {
            multiplexed_.push_back({0, found.multiplexer_mask, found.multiplexer_call, SeccompOp::masked_equal});
            rules_.push_back({*found.multiplexer, returned, std::span(&multiplexed_.back(), 1)});
        }
    }

    /// Two conditions on one argument are alternatives, as runc and crun read them; otherwise all must hold.
    void add_alternatives(std::uint32_t number, std::uint32_t returned, std::span<const SeccompArg> args) {
        std::array<bool, 6> seen{};
        bool repeated = false;
        for (const SeccompArg& arg : args) repeated |= std::exchange(seen.at(arg.index), true);
        if (!repeated) {
            rules_.push_back({number, returned, args});
            return;
        }
        for (std::size_t i = 0; i < args.size(); ++i) rules_.push_back({number, returned, args.subspan(i, 1)});
    }

    /// First match decides. Conditions right before an unconditional end with the same result are dropped.
    Code chain(std::span<const NumberRule> rules) const {
        auto last = std::ranges::find_if(rules, [](const NumberRule& r) { return r.args.empty(); });
        const std::uint32_t otherwise = last == rules.end() ? default_ : last->returned;
        while (last != rules.begin() && std::prev(last)->returned == otherwise) --last;
        Code code;
        for (auto rule = rules.begin(); rule != last; ++rule) append(code, rule_code(*rule));
        code.push_back(give_back(otherwise));
        return code;
    }

    std::uint32_t arch_;
    std::uint32_t default_;
    std::vector<NumberRule> rules_;
    std::deque<SeccompArg> multiplexed_; ///< rules_ points into it
};

/// Numbers from `first` up to the next segment's share this code.
struct Segment {
    std::uint32_t first;
    Code code;
};

bool same_code(const Code& a, const Code& b) {
    return std::ranges::equal(a, b, [](const sock_filter& x, const sock_filter& y) {
        return x.code == y.code && x.jt == y.jt && x.jf == y.jf && x.k == y.k;
    });
}

/// The whole number range of one audit architecture, on which x86-64 and x32 are two parts.
class SegmentList {
public:
    void add(std::uint32_t first, Code code) {
        if (!segments_.empty() && segments_.back().first == first) segments_.pop_back();
        if (!segments_.empty() && same_code(segments_.back().code, code)) return;
        segments_.push_back({first, std::move(code)});
    }

    /// `table`'s numbers with `otherwise` between and after them, from `first` on.
    void add_table(std::uint32_t first, std::vector<std::pair<std::uint32_t, Code>> table, std::uint32_t otherwise) {
        add(first, {give_back(otherwise)});
        for (auto& [number, code] : table) {
            add(number, std::move(code));
            add(number + 1, {give_back(otherwise)});
        }
    }

    /// A binary search on the number, which is in the accumulator.
    Code search() const { return search(segments_); }

private:
    static Code search(std::span<const Segment> part) {
        if (part.size() == 1) return part.front().code;
        const std::size_t half = part.size() / 2;
        Code below = search(part.first(half));
        const bool near = below.size() <= longest_short_jump;
        Code code;
        if (near) code.push_back(jump(BPF_JGE, part[half].first, below.size(), 0));
        else code = {jump(BPF_JGE, part[half].first, 0, 1), statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(below.size()))};
        append(code, below);
        append(code, search(part.subspan(half)));
        return code;
    }

    std::vector<Segment> segments_;
};

/// The tokens of a policy by what the kernel reports: x86-64 and x32 share AUDIT_ARCH_X86_64.
struct AuditArch {
    std::uint32_t value;
    std::optional<std::uint32_t> token; ///< absent where only x32 is listed
    bool with_x32 = false;
};

std::vector<AuditArch> audit_arches(const oci::Seccomp& policy) {
    std::vector<std::uint32_t> tokens;
    for (const std::string& name : policy.architectures) tokens.push_back(parse_seccomp_arch(name));
    if (tokens.empty()) tokens.push_back(native_seccomp_arch());
    std::vector<AuditArch> arches;
    for (const std::uint32_t token : tokens) {
        const bool is_x32 = token == SCMP_ARCH_X32;
        const std::uint32_t value = is_x32 ? AUDIT_ARCH_X86_64 : token;
        auto found = std::ranges::find(arches, value, &AuditArch::value);
        if (found == arches.end()) found = arches.insert(found, {value, std::nullopt});
        if (is_x32) found->with_x32 = true;
        else found->token = token;
    }
    return arches;
}

std::vector<std::pair<std::uint32_t, Code>> number_table(std::uint32_t token, const oci::Seccomp& policy,
                                                         std::uint32_t otherwise) {
    NumberTable table(token, otherwise);
    for (const oci::SeccompRule& rule : policy.syscalls) table.add(rule);
    return table.finish();
}

Code arch_code(const AuditArch& arch, const oci::Seccomp& policy) {
    const std::uint32_t otherwise = return_value(policy.default_action, policy.default_errno_ret);
    SegmentList segments;
    if (arch.token) segments.add_table(0, number_table(*arch.token, policy, otherwise), otherwise);
    else segments.add(0, {give_back(SECCOMP_RET_KILL_PROCESS)});
    if (arch.value == AUDIT_ARCH_X86_64) {
        if (arch.with_x32) segments.add_table(x32_bit, number_table(SCMP_ARCH_X32, policy, otherwise), otherwise);
        else segments.add(x32_bit, {give_back(SECCOMP_RET_KILL_PROCESS)});
        segments.add(skipped_call, {give_back(otherwise)});
    }
    Code code{load(offsetof(seccomp_data, nr))};
    append(code, segments.search());
    return code;
}

void check_listener(const oci::Seccomp& policy) {
    for (const oci::SeccompRule& rule : policy.syscalls)
        if (rule.action == SeccompAction::notify && std::ranges::find(rule.names, "sendmsg") != rule.names.end())
            throw Error("linux.seccomp: sendmsg cannot be SCMP_ACT_NOTIFY: by it the listener is passed on");
}

} // namespace

std::vector<sock_filter> compile_seccomp(const oci::Seccomp& policy) {
    check_listener(policy);
    Code program{load(offsetof(seccomp_data, arch))};
    for (const AuditArch& arch : audit_arches(policy)) {
        const Code code = arch_code(arch, policy);
        program.push_back(jump(BPF_JEQ, arch.value, 1, 0));
        program.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(code.size())));
        append(program, code);
    }
    program.push_back(give_back(SECCOMP_RET_KILL_PROCESS));
    if (program.size() > BPF_MAXINSNS)
        throw Error("the seccomp policy needs ", program.size(), " instructions, the kernel takes ", BPF_MAXINSNS,
                    "; it has too many rules with arguments");
    return program;
}

unsigned seccomp_filter_flags(const oci::Seccomp& policy) {
    constexpr std::array<std::pair<std::string_view, unsigned>, 4> known{
        {{"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
         {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
         {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
         {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", wait_killable_flag}}};
    unsigned flags = 0;
    for (const std::string& name : policy.flags) {
        const auto found = std::ranges::find(known, name, &std::pair<std::string_view, unsigned>::first);
        if (found == known.end()) throw Error("linux.seccomp.flags: unknown or unsupported flag \"", name, "\"");
        flags |= found->second;
    }
    if (policy.notifies()) {
        flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
        if ((flags & SECCOMP_FILTER_FLAG_TSYNC) != 0) flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH; // the kernel wants one with the other
    } else if ((flags & wait_killable_flag) != 0) {
        throw Error("linux.seccomp.flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is of SCMP_ACT_NOTIFY, which no system call has");
    }
    return flags;
}

} // namespace rootless
