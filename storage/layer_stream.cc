// The threads in front of the tar reader, see storage/layer_stream.h.
#include "storage/layer_stream.h"

namespace storage {
namespace {

constexpr std::size_t chunk_size = 256 << 10;

/// Fills a chunk as far as the source goes: short reads would make many small ones.
std::shared_ptr<Chunk> read_chunk(ByteSource& plain) {
    auto chunk = std::make_shared<Chunk>();
    chunk->bytes.resize(chunk_size);
    std::size_t filled = 0;
    while (filled < chunk_size) {
        const std::size_t count = plain.read(std::span(chunk->bytes).subspan(filled));
        if (count == 0) break;
        filled += count;
    }
    chunk->bytes.resize(filled);
    return chunk;
}

} // namespace

bool ChunkQueue::push(ChunkPtr chunk) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return chunks_.size() < capacity || abandoned_; });
    if (abandoned_) return false;
    chunks_.push_back(std::move(chunk));
    changed_.notify_all();
    return true;
}

void ChunkQueue::end(std::exception_ptr failure) noexcept {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    failure_ = std::move(failure);
    changed_.notify_all();
}

ChunkPtr ChunkQueue::pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !chunks_.empty() || ended_; });
    if (!chunks_.empty()) {
        ChunkPtr chunk = std::move(chunks_.front());
        chunks_.pop_front();
        changed_.notify_all();
        return chunk;
    }
    if (failure_) std::rethrow_exception(failure_);
    return nullptr;
}

void ChunkQueue::abandon() noexcept {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    chunks_.clear();
    changed_.notify_all();
}

LayerStream::LayerStream(ByteSource& plain)
    : producer_([this, &plain] { produce(plain); }), digester_([this] { digest(); }) {}

LayerStream::~LayerStream() {
    chunks_.abandon();
    to_digest_.abandon();
    producer_.join();
    if (digester_.joinable()) digester_.join();
}

// Thread entry: nothing may escape, so failures travel through the queues.
void LayerStream::produce(ByteSource& plain) noexcept {
    std::exception_ptr failure;
    try {
        for (;;) {
            ChunkPtr chunk = read_chunk(plain);
            if (chunk->bytes.empty()) break;
            if (!to_digest_.push(chunk) || !chunks_.push(std::move(chunk))) break;
        }
    } catch (...) {
        failure = std::current_exception();
    }
    to_digest_.end(failure);
    chunks_.end(failure);
}

void LayerStream::digest() noexcept {
    try {
        Sha256 sha;
        while (const ChunkPtr chunk = to_digest_.pop()) sha.update(chunk->bytes);
        digest_ = sha.finish_digest();
    } catch (...) {
        digest_failure_ = std::current_exception();
        to_digest_.abandon();
    }
}

std::string LayerStream::finish_digest() {
    digester_.join();
    if (digest_failure_) std::rethrow_exception(digest_failure_);
    return digest_;
}

} // namespace storage
