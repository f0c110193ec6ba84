// The ends of all connections, in memory that outlives the process: when a net process is killed, the container's kernel still has
// its connections, and would wait for ever where it has nothing to send. Who follows finds them here and resets them.
//
// A file with a place for every index of the flow table, twice: what is open, and what processes before have left. Opening it moves
// all of the first into the second, so that no place is needed twice. An entry that was half written leads to a segment about a
// connection that is not there, which hurts nobody.
#pragma once

#include "netstack/flow_index.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace netstack {

class FlowJournal {
public:
    static constexpr std::uint32_t most_flows = 16'384;

    FlowJournal() = default;
    ~FlowJournal();
    FlowJournal(const FlowJournal&) = delete;
    FlowJournal& operator=(const FlowJournal&) = delete;

    static constexpr std::size_t file_size() noexcept { return sizeof(Content); }
    /// Of a file of that size, all zeros at first. 0 or errno. What is not open keeps nothing.
    [[nodiscard]] int open(int fd) noexcept;
    void put(std::uint32_t index, const FlowKey& key) noexcept {
        if (content_ == nullptr) return;
        content_->open[index] = key;
        content_->open_end = std::max(content_->open_end, index + 1);
    }
    void erase(std::uint32_t index) noexcept {
        if (content_ != nullptr) content_->open[index] = {};
    }

    bool has_former() const noexcept { return content_ != nullptr && content_->former_count > 0; }
    /// A connection that a process before has left, each once.
    std::optional<FlowKey> take_former() noexcept;

private:
    struct Content {
        std::uint32_t open_end;     ///< behind it nothing was ever open, and there is no memory
        std::uint32_t former_count;
        std::array<FlowKey, most_flows> open;
        std::array<FlowKey, most_flows> former;
    };
    Content* content_ = nullptr;
};

} // namespace netstack
