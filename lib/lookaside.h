// Where signatures of images lie that are kept apart from registries: registries.d (containers-registries.d(5)).
//
// *.yaml of $HOME/.config/containers/registries.d where that is there, else of /etc/containers/registries.d. The most specific entry of
// "docker" that names a place counts, then "default-docker", then the user's own directory of signatures.
#pragma once

#include "base/oci/reference.h"

#include <string>

namespace lib {

/// The directory above those of the repository's signatures, for writing: of lookaside-staging, else lookaside (sigstore-… in their older
/// spelling). Throws Error for a place that is no directory here, and for a file that cannot be understood.
std::string lookaside_for_writing(const oci::Reference& reference);

/// The entry for an image in the text of one file; empty: none. `write`: staging places first. For lookaside_for_writing and its test.
enum class LookasideEntry { scope, fallback };
std::string find_lookaside(const std::string& text, const std::string& file, LookasideEntry entry, const std::string& scope);

} // namespace lib
