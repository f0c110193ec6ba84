// The filter cache; see lib/seccomp_cache.h.
#include "lib/seccomp_cache.h"

#include "base/files.h"
#include "base/sys.h"
#include "base/version.h"
#include "rootless/seccomp.h"

#include <fcntl.h>

#include <cstdint>
#include <cstring>
#include <optional>

namespace lib {
namespace {

struct Header {
    std::uint32_t magic = 0x63746c31; // "ctl1"
    std::uint32_t policy_size = 0;
    std::uint32_t instructions = 0;
};

void append_arg(std::string& text, const oci::SeccompArg& arg) {
    text += cat(' ', arg.index, ' ', static_cast<int>(arg.op), ' ', arg.value, ' ', arg.value_two);
}

/// Everything a filter is made from, our version included: it is what compiles.
std::string policy_text(const oci::Seccomp& policy) {
    std::string text = cat(ctl_version, ' ', static_cast<int>(policy.default_action), ' ', policy.default_errno_ret.value_or(0xffff));
    for (const std::string& architecture : policy.architectures) text += ' ' + architecture;
    for (const std::string& flag : policy.flags) text += ' ' + flag;
    for (const oci::SeccompRule& rule : policy.syscalls) {
        text += '\n';
        text += std::to_string(static_cast<int>(rule.action));
        if (rule.errno_ret) text += '=' + std::to_string(*rule.errno_ret);
        for (const std::string& name : rule.names) (text += ' ') += name;
        for (const oci::SeccompArg& arg : rule.args) append_arg(text, arg);
    }
    return text;
}

/// FNV-1a, for a file name only: the content decides.
std::string file_name(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return cat(std::hex, hash, ".bpf");
}

std::optional<std::vector<sock_filter>> load(const std::string& path, const std::string& policy) {
    const auto content = files::find(path);
    Header header;
    if (!content || content->size() < sizeof header) return std::nullopt;
    const std::uint32_t magic = header.magic;
    content->copy(reinterpret_cast<char*>(&header), sizeof header);
    const std::size_t expected = sizeof header + header.policy_size + std::size_t{header.instructions} * sizeof(sock_filter);
    if (header.magic != magic || content->size() != expected) return std::nullopt;
    if (content->compare(sizeof header, header.policy_size, policy) != 0) return std::nullopt;
    std::vector<sock_filter> filter(header.instructions);
    std::memcpy(filter.data(), content->data() + sizeof header + header.policy_size, filter.size() * sizeof(sock_filter));
    return filter;
}

void store(const std::string& directory, const std::string& name, const std::string& policy, const std::vector<sock_filter>& filter) {
    Header header;
    header.policy_size = static_cast<std::uint32_t>(policy.size());
    header.instructions = static_cast<std::uint32_t>(filter.size());
    std::string content(reinterpret_cast<const char*>(&header), sizeof header);
    content += policy;
    content.append(reinterpret_cast<const char*>(filter.data()), filter.size() * sizeof(sock_filter));
    try {
        sys::ensure_dir(directory, 0700);
        files::write_atomic(AT_FDCWD, directory + "/" + name, content, 0600, files::Durability::none);
    } catch (const Error&) {
        return; // compiled again next time
    }
}

} // namespace

std::vector<sock_filter> load_or_compile_seccomp(const oci::Seccomp& policy, const std::string& directory) {
    const std::string text = policy_text(policy);
    const std::string name = file_name(text);
    if (auto filter = load(directory + "/" + name, text)) return std::move(*filter);
    std::vector<sock_filter> filter = rootless::compile_seccomp(policy);
    store(directory, name, text, filter);
    return filter;
}

} // namespace lib
