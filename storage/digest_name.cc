// Digests as names, see digest_hex in storage/store.h.
#include "base/error.h"
#include "storage/store.h"

#include <algorithm>
#include <string_view>

namespace storage {

std::string digest_hex(const std::string& digest) {
    constexpr std::string_view prefix = "sha256:";
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (digest.size() != prefix.size() + 64 || !digest.starts_with(prefix)
        || !std::all_of(digest.begin() + prefix.size(), digest.end(), is_hex))
        throw Error("not a digest of the form sha256:<64 hexadecimal digits>: \"", digest.substr(0, 100), "\"");
    return digest.substr(prefix.size());
}

} // namespace storage
