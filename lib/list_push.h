// How a manifest list becomes an index in a registry. For lib/manifest_list.cc.
#pragma once

#include "lib/manifest_list.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace lib {

/// The index of a list: without where the entries come from. `format`: oci, v2s2, empty: as its entries are.
nlohmann::json index_document(const nlohmann::json& list, const std::string& format);

/// The images first, each by its digest, then the index under the destination's tag. Returns its digest.
std::string push_list(Engine& engine, nlohmann::json list, const ListPushRequest& request, const Callbacks& callbacks);

} // namespace lib
