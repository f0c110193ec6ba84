// `images --filter key=value`, with podman-images(1)'s keys: filters of one key are alternatives, except labels, which must all
// match; those of different keys must all match.
#pragma once

#include "lib/filter_tests.h"
#include "lib/images.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lib {

class ImageFilter {
public:
    /// Throws Error for a key or a value that cannot be meant, and for an image (before, since) that does not exist.
    ImageFilter(const Engine& engine, const std::vector<std::string>& words, std::int64_t now_ns);
    bool matches(const ImageSummary& image) const { return tests_.matches(image); }

private:
    FilterTests<ImageSummary> tests_;
};

/// Whether a name matches a pattern of the shell, which may leave out the registry and the directories before the last part, and
/// the tag: "alp*", "library/alpine", "*:3.20".
bool matches_reference(const std::string& pattern, const std::string& name);

} // namespace lib
