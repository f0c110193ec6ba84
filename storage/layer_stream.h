// The plain bytes of a layer, decompressed and digested by threads of their own. Private to storage/.
#pragma once

#include "storage/byte_source.h"
#include "storage/digest.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace storage {

struct Chunk {
    std::vector<std::byte> bytes;
};
using ChunkPtr = std::shared_ptr<const Chunk>;

/// A bounded queue from one thread to another that carries the producer's failure as well.
class ChunkQueue {
public:
    /// Waits for room; false when the consumer has given up.
    bool push(ChunkPtr chunk);
    /// No more chunks; a failure is thrown to the consumer after those that are there.
    void end(std::exception_ptr failure) noexcept;
    /// Waits; nullptr at the end. Throws the producer's failure.
    ChunkPtr pop();
    /// The consumer gives up: push returns false from now on.
    void abandon() noexcept;

private:
    static constexpr std::size_t capacity = 4; ///< a megabyte; more made no pull faster
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<ChunkPtr> chunks_;
    bool ended_ = false;
    bool abandoned_ = false;
    std::exception_ptr failure_;
};

class LayerStream {
public:
    /// Starts reading `plain`, which must outlive this and is used by another thread until then.
    explicit LayerStream(ByteSource& plain);
    LayerStream(const LayerStream&) = delete;
    LayerStream& operator=(const LayerStream&) = delete;
    /// Waits for the threads: for the source's read() to return, if it is in one.
    ~LayerStream();

    /// The next bytes; nullptr at the end. Throws what the source threw.
    ChunkPtr next() { return chunks_.pop(); }
    /// The digest of the whole stream; after next() has returned nullptr.
    std::string finish_digest();

private:
    void produce(ByteSource& plain) noexcept;
    void digest() noexcept;

    ChunkQueue chunks_;
    ChunkQueue to_digest_;
    std::string digest_;
    std::exception_ptr digest_failure_;
    std::thread producer_;
    std::thread digester_;
};

} // namespace storage
