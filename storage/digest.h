// SHA-256 of a stream, on OpenSSL's EVP interface. The home of libcrypto in storage/.
#pragma once

#include "storage/byte_source.h"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace storage {

using Sha256Bytes = std::array<std::byte, 32>;

class Sha256 {
public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();

    void update(std::span<const std::byte> bytes);
    void update(std::string_view bytes) { update(std::as_bytes(std::span(bytes))); }
    /// The digest of everything so far; the object starts anew.
    Sha256Bytes finish();
    /// finish() as "sha256:<hex>".
    std::string finish_digest();

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

/// "sha256:<hex>" of the bytes.
std::string sha256_digest(std::string_view bytes);

/// Passes `source` through and throws an Error at its end unless its digest and (when not -1) its size are as expected.
class VerifiedSource : public ByteSource {
public:
    /// `source` must outlive this. `what` names the content in the error.
    VerifiedSource(ByteSource& source, std::string expected_digest, long long expected_size, std::string what);
    std::size_t read(std::span<std::byte> into) override;

private:
    ByteSource& source_;
    Sha256 sha_;
    std::string expected_digest_;
    long long expected_size_;
    long long size_ = 0;
    std::string what_;
    bool verified_ = false;
};

} // namespace storage
