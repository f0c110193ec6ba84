// What a file is, told from how it begins: the media type for `artifact add`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oci {

/// Bytes of a file that sniff_content_type looks at; more do no harm.
inline constexpr std::size_t sniffed_bytes = 512;

/// By the patterns of the WHATWG's MIME Sniffing Standard (sections 6 and 7), and with the names that Go's net/http gives, since
/// Podman's artifacts have those: "text/plain; charset=utf-8" for what has no binary bytes, "application/octet-stream" for the rest.
std::string sniff_content_type(std::string_view begin);

/// By the end of a file's name, ".json", for the few that Go's mime package knows by itself; empty: another one.
std::string content_type_of_name(std::string_view name);

} // namespace oci
