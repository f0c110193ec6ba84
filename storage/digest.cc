// SHA-256 by OpenSSL, see storage/digest.h.
#include "storage/digest.h"

#include "base/error.h"

#include <openssl/evp.h>

#include <utility>

namespace storage {
namespace {

std::string to_digest(const Sha256Bytes& bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text = "sha256:";
    for (const std::byte b : bytes) {
        text += digits[std::to_integer<unsigned>(b) >> 4];
        text += digits[std::to_integer<unsigned>(b) & 15];
    }
    return text;
}

} // namespace

struct Sha256::Context {
    Context() : evp(::EVP_MD_CTX_new()) {
        if (evp == nullptr) throw Error("sha256: out of memory");
        start();
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { ::EVP_MD_CTX_free(evp); }
    void start() {
        if (::EVP_DigestInit_ex(evp, ::EVP_sha256(), nullptr) != 1) throw Error("sha256: OpenSSL does not provide it");
    }
    EVP_MD_CTX* evp;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
    if (::EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) != 1) throw Error("sha256: OpenSSL failed");
}

Sha256Bytes Sha256::finish() {
    Sha256Bytes bytes;
    if (::EVP_DigestFinal_ex(context_->evp, reinterpret_cast<unsigned char*>(bytes.data()), nullptr) != 1)
        throw Error("sha256: OpenSSL failed");
    context_->start();
    return bytes;
}

std::string Sha256::finish_digest() { return to_digest(finish()); }

std::string sha256_digest(std::string_view bytes) {
    Sha256 sha;
    sha.update(bytes);
    return sha.finish_digest();
}

VerifiedSource::VerifiedSource(ByteSource& source, std::string expected_digest, long long expected_size, std::string what)
    : source_(source), expected_digest_(std::move(expected_digest)), expected_size_(expected_size), what_(std::move(what)) {}

std::size_t VerifiedSource::read(std::span<std::byte> into) {
    if (verified_ || into.empty()) return 0;
    const std::size_t count = source_.read(into);
    size_ += static_cast<long long>(count);
    if (expected_size_ >= 0 && (size_ > expected_size_ || (count == 0 && size_ != expected_size_)))
        throw Error(what_, ": ", size_ > expected_size_ ? "longer" : "shorter", " than the ", expected_size_, " bytes announced");
    if (count > 0) {
        sha_.update(into.first(count));
        return count;
    }
    if (const std::string found = sha_.finish_digest(); found != expected_digest_)
        throw Error(what_, ": its content has the digest ", found, " instead of ", expected_digest_);
    verified_ = true;
    return 0;
}

} // namespace storage
