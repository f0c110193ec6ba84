// Strict JSON reading for documents written by others: limits on size and depth, duplicate keys refused.
//
// Two keys of one object that are equal, or differ only in case, are how one text gets two meanings in two programs
// (CVE-2021-41190 and its kin): some readers take the first, some the last, Go's ignores case.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace oci {

struct JsonLimits {
    std::size_t bytes = 4 << 20; ///< the distribution specification's minimum for manifests
    int depth = 32;              ///< nested objects and arrays
};

enum class JsonKeys {
    distinct,             ///< equal keys are refused
    distinct_ignoring_case, ///< keys differing only in case too, except inside "annotations", whose keys are free
};

/// `what` names the document in errors ("manifest"). Throws Error; the result is a JSON object always.
nlohmann::json parse_json_text(std::string_view text, std::string_view what, JsonKeys keys = JsonKeys::distinct,
                               const JsonLimits& limits = {});
/// The same for a document that is an array.
nlohmann::json parse_json_array(std::string_view text, std::string_view what, JsonKeys keys = JsonKeys::distinct,
                                const JsonLimits& limits = {});

} // namespace oci
