// Whether the further image stores that somebody named (docs/image-stores.md) can be used.
#pragma once

#include <string>

namespace lib {

/// Throws Error where one of `stores` (paths with colons between them) is no absolute path or no directory that we can read; `source`
/// is who named them. Empty names are passed over, and a directory without images has none.
void check_image_stores(const std::string& stores, const std::string& source);

} // namespace lib
