// See netstack/flow_journal.h.
#include "netstack/flow_journal.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace netstack {

FlowJournal::~FlowJournal() {
    if (content_ != nullptr) ::munmap(content_, sizeof *content_);
}

int FlowJournal::open(int fd) noexcept {
    struct stat file {};
    if (::fstat(fd, &file) != 0) return errno;
    if (file.st_size < static_cast<off_t>(file_size())) return EINVAL;
    void* const memory = ::mmap(nullptr, sizeof *content_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) return errno;
    content_ = static_cast<Content*>(memory);
    // Who wrote this may have been broken when he did: numbers are bounded, and whatever is full keeps no more.
    content_->former_count = std::min(content_->former_count, most_flows);
    const std::uint32_t end = std::min(content_->open_end, most_flows);
    for (std::uint32_t i = 0; i < end; ++i) {
        const FlowKey key = std::exchange(content_->open[i], {});
        if (key.container != wire::Address{} && content_->former_count < most_flows) content_->former[content_->former_count++] = key;
    }
    content_->open_end = 0;
    return 0;
}

std::optional<FlowKey> FlowJournal::take_former() noexcept {
    if (!has_former()) return std::nullopt;
    return std::exchange(content_->former[--content_->former_count], {});
}

} // namespace netstack
