// Device rules as an eBPF program; see rootless/device_filter.h.
//
// The program keeps the kinds of access that are still to be decided, and asks the rules from the last one to the first.
// A rule about this device that denies one of those ends it with "no"; one that allows takes its kinds out, and when none is
// left the answer is "yes". So "r" from one rule and "w" from another add up to opening for both.
#include "rootless/device_filter.h"

#include "base/error.h"
#include "base/unique_fd.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace rootless {
namespace {

using oci::DeviceRule;
using Code = std::vector<bpf_insn>;

/// Also how an earlier program is known for ours.
constexpr std::string_view program_name = "ctl_devices";

enum Register : std::uint8_t { answer = 0, context = 1, access = 2, kind = 3, major = 4, minor = 5 };

bpf_insn instruction(unsigned code, Register to, std::int32_t value, std::int16_t offset = 0, Register from = answer) {
    bpf_insn result{};
    result.code = static_cast<std::uint8_t>(code);
    result.dst_reg = to & 0xf;
    result.src_reg = from & 0xf;
    result.off = offset;
    result.imm = value;
    return result;
}

bpf_insn load(Register to, std::size_t offset) {
    return instruction(BPF_LDX | BPF_MEM | BPF_W, to, 0, static_cast<std::int16_t>(offset), context);
}
bpf_insn calculate(unsigned operation, Register with, std::int32_t value) { return instruction(BPF_ALU64 | operation | BPF_K, with, value); }
bpf_insn jump(unsigned test, Register with, std::int32_t value, std::size_t over) {
    return instruction(BPF_JMP | test | BPF_K, with, value, static_cast<std::int16_t>(over));
}

void append(Code& to, const Code& more) { to.insert(to.end(), more.begin(), more.end()); }

Code give_back(bool allowed) { return {calculate(BPF_MOV, answer, allowed ? 1 : 0), instruction(BPF_JMP | BPF_EXIT, answer, 0)}; }

constexpr std::int32_t all_access = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD;

std::int32_t access_of(const DeviceRule& rule) {
    return (rule.read ? BPF_DEVCG_ACC_READ : 0) | (rule.write ? BPF_DEVCG_ACC_WRITE : 0) | (rule.mknod ? BPF_DEVCG_ACC_MKNOD : 0);
}

bool is_about_all(const DeviceRule& rule) { return rule.type == 'a' && !rule.major && !rule.minor; }
bool decides_all(const DeviceRule& rule) { return is_about_all(rule) && access_of(rule) == all_access; }

/// What a rule does for the devices it is about.
Code effect(const DeviceRule& rule) {
    const std::int32_t kinds = access_of(rule);
    if (kinds == all_access) return give_back(rule.allow); // there is always something left to decide
    Code code;
    if (rule.allow) code = {calculate(BPF_AND, access, all_access & ~kinds), jump(BPF_JNE, access, 0, 2)};
    else code = {jump(BPF_JSET, access, kinds, 1), jump(BPF_JA, answer, 0, 2)};
    append(code, give_back(rule.allow));
    return code;
}

struct Test {
    Register with;
    std::int32_t value;
};

std::vector<Test> tests_of(const DeviceRule& rule) {
    std::vector<Test> tests;
    if (rule.type != 'a') tests.push_back({kind, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR});
    if (rule.major) tests.push_back({major, static_cast<std::int32_t>(*rule.major)});
    if (rule.minor) tests.push_back({minor, static_cast<std::int32_t>(*rule.minor)});
    return tests;
}

Code rule_code(const DeviceRule& rule) {
    const std::vector<Test> tests = tests_of(rule);
    const Code then = effect(rule);
    Code code;
    for (std::size_t i = 0; i < tests.size(); ++i)
        code.push_back(jump(BPF_JNE, tests[i].with, tests[i].value, tests.size() - i - 1 + then.size()));
    append(code, then);
    return code;
}

/// What every container may use (config-linux.md, "Default Devices"), and the nodes anybody may make.
std::vector<DeviceRule> always_allowed() {
    std::vector<DeviceRule> rules{{true, 'a', {}, {}, false, false, true}};
    const auto allow = [&](std::int64_t number, std::optional<std::int64_t> sub) { rules.push_back({true, 'c', number, sub, true, true, true}); };
    for (const std::int64_t memory : {3, 5, 7, 8, 9}) allow(1, memory); // null zero full random urandom
    for (const std::int64_t terminal : {0, 1, 2}) allow(5, terminal);   // tty console ptmx
    allow(136, std::nullopt);                                           // /dev/pts
    return rules;
}

/// The descriptors that it makes are close-on-exec.
int bpf(bpf_cmd command, bpf_attr& attributes) { return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes)); }

/// Every byte counts: the kernel refuses what it does not know, and {} leaves the larger members of a union alone.
bpf_attr no_attributes() {
    bpf_attr attributes;
    std::memset(&attributes, 0, sizeof attributes);
    return attributes;
}

/// Addresses are 64-bit numbers in bpf(2).
template <class T>
std::uint64_t address(const T* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

UniqueFd load_program(const Code& program) {
    bpf_attr attributes = no_attributes();
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attributes.insns = address(program.data());
    attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
    attributes.license = address(""); // no helper of the kernel is called
    program_name.copy(attributes.prog_name, sizeof attributes.prog_name - 1);
    UniqueFd fd(bpf(BPF_PROG_LOAD, attributes));
    if (!fd) throw SysError{errno, "load the filter of device access into the kernel"};
    return fd;
}

/// The programs of ours that are on the cgroup itself.
std::vector<UniqueFd> find_earlier(int cgroup_fd) {
    std::uint32_t ids[64]; // BPF_CGROUP_MAX_PROGS
    bpf_attr query = no_attributes();
    query.query.target_fd = static_cast<std::uint32_t>(cgroup_fd);
    query.query.attach_type = BPF_CGROUP_DEVICE;
    query.query.prog_ids = address(ids);
    query.query.prog_cnt = std::size(ids);
    if (bpf(BPF_PROG_QUERY, query) != 0) throw SysError{errno, "ask the cgroup for its filters of device access"};
    std::vector<UniqueFd> earlier;
    for (std::uint32_t i = 0; i < query.query.prog_cnt; ++i) {
        bpf_attr by_id = no_attributes();
        by_id.prog_id = ids[i];
        UniqueFd fd(bpf(BPF_PROG_GET_FD_BY_ID, by_id));
        if (!fd && errno == ENOENT) continue; // gone in the meantime
        if (!fd) throw SysError{errno, "open an earlier filter of device access"};
        bpf_prog_info info{};
        bpf_attr ask = no_attributes();
        ask.info.bpf_fd = static_cast<std::uint32_t>(fd.get());
        ask.info.info_len = sizeof info;
        ask.info.info = address(&info);
        if (bpf(BPF_OBJ_GET_INFO_BY_FD, ask) != 0) throw SysError{errno, "look at an earlier filter of device access"};
        if (std::string_view(info.name, ::strnlen(info.name, sizeof info.name)) == program_name) earlier.push_back(std::move(fd));
    }
    return earlier;
}

bpf_attr attachment(int cgroup_fd, const UniqueFd& program) {
    bpf_attr attributes = no_attributes();
    attributes.target_fd = static_cast<std::uint32_t>(cgroup_fd);
    attributes.attach_bpf_fd = static_cast<std::uint32_t>(program.get());
    attributes.attach_type = BPF_CGROUP_DEVICE;
    return attributes;
}

} // namespace

std::vector<bpf_insn> compile_device_filter(const std::vector<DeviceRule>& rules) {
    // access_type has the kinds of access in its upper half and the kind of device in the lower one.
    Code code{load(access, offsetof(bpf_cgroup_dev_ctx, access_type)), load(kind, offsetof(bpf_cgroup_dev_ctx, access_type)),
              calculate(BPF_RSH, access, 16), calculate(BPF_AND, kind, 0xffff), load(major, offsetof(bpf_cgroup_dev_ctx, major)),
              load(minor, offsetof(bpf_cgroup_dev_ctx, minor)),
              jump(BPF_JNE, access, 0, 2)}; // access(2) may ask for nothing that a rule is about
    append(code, give_back(true));
    std::vector<DeviceRule> all = rules;
    const std::vector<DeviceRule> always = always_allowed();
    all.insert(all.end(), always.begin(), always.end());
    for (auto rule = all.rbegin(); rule != all.rend(); ++rule) {
        if (access_of(*rule) == 0) continue;
        append(code, rule_code(*rule));
        if (decides_all(*rule)) return code; // the kernel refuses code that is never reached
    }
    append(code, give_back(false));
    return code;
}

bool denies_devices(const std::vector<DeviceRule>& rules) {
    std::int32_t undecided = all_access;
    for (auto rule = rules.rbegin(); rule != rules.rend() && undecided != 0; ++rule) {
        if (!rule->allow && (access_of(*rule) & undecided & ~BPF_DEVCG_ACC_MKNOD) != 0) return true;
        if (rule->allow && is_about_all(*rule)) undecided &= ~access_of(*rule);
    }
    return (undecided & ~BPF_DEVCG_ACC_MKNOD) != 0;
}

void attach_device_filter(int cgroup_fd, const std::vector<bpf_insn>& program) {
    const UniqueFd fd = load_program(program);
    const std::vector<UniqueFd> earlier = find_earlier(cgroup_fd);
    bpf_attr attributes = attachment(cgroup_fd, fd);
    attributes.attach_flags = BPF_F_ALLOW_MULTI;
    if (bpf(BPF_PROG_ATTACH, attributes) != 0) throw SysError{errno, "put the filter of device access on the cgroup"};
    // Until the earlier ones are gone, all of them must allow.
    for (const UniqueFd& old : earlier) {
        attributes = attachment(cgroup_fd, old);
        if (bpf(BPF_PROG_DETACH, attributes) != 0 && errno != ENOENT)
            throw SysError{errno, "take the earlier filter of device access off the cgroup"};
    }
}

} // namespace rootless
