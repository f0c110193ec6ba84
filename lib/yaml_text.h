// A YAML document as JSON. The home of yaml-cpp, whose headers are heavy and used by nobody else.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace lib {

/// The one document of a text. Plain scalars are null, booleans and whole numbers where they look like it and texts otherwise,
/// quoted ones are texts. Throws Error that begins with `file`: for what is no YAML, mappings whose keys are not scalars or are
/// there twice, anchors that make a document of more than 100,000 nodes.
nlohmann::json parse_yaml_text(const std::string& text, const std::string& file);

} // namespace lib
