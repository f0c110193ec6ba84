#include "lib/registry/retry.h"
#include "lib/registry/url.h"

#include <doctest/doctest.h>

#include <string>

using namespace lib::registry;

TEST_CASE("a URL's origin always shows scheme, host and port") {
    CHECK(find_url("https://Example.COM/v2/")->origin() == "https://example.com:443");
    CHECK(find_url("http://127.0.0.1:5000")->str() == "http://127.0.0.1:5000/");
    CHECK(find_url("https://[::1]:5000/x?y=1#z")->str() == "https://[::1]:5000/x?y=1");
    CHECK(find_url("https://h?q")->str() == "https://h:443/?q");
}

TEST_CASE("what is no plain http or https URL is none") {
    for (const char* text : {"", "x", "ftp://h/", "file:///x", "https://", "https:///x", "https://u@h/", "https://u:p@h/", "https://h:0/",
                             "https://h:65536/", "https://h:x/", "https://h /", "https://h\\@e/", "https://h/\r\nX: y", "https://[x]/"})
        CHECK_FALSE_MESSAGE(find_url(text), text);
}

TEST_CASE("Location headers resolve as RFC 3986 says") {
    const Url base = *find_url("https://r.example/v2/a/blobs/x?q=1");
    CHECK(resolve_location(base, "https://cdn.example/b?sig=a:b")->str() == "https://cdn.example:443/b?sig=a:b");
    CHECK(resolve_location(base, "//cdn.example/b")->str() == "https://cdn.example:443/b");
    CHECK(resolve_location(base, "/b")->str() == "https://r.example:443/b");
    CHECK(resolve_location(base, "y")->str() == "https://r.example:443/v2/a/blobs/y");
    CHECK_FALSE(resolve_location(base, "file:///etc/passwd"));
    CHECK_FALSE(resolve_location(base, "//u@h/"));
}

TEST_CASE("loopback is told by address, not by looks") {
    for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "[::1]"}) CHECK(is_loopback(host));
    for (const char* host : {"127.0.0.1.evil.example", "127.1", "localhost.evil.example", "128.0.0.1", "127.0.0.256", "127.0.0.x", "[::2]", ""})
        CHECK_FALSE(is_loopback(host));
}


TEST_CASE("the start of a content range") {
    CHECK(find_range_start("bytes 5-9/10") == 5ULL);
    for (const char* text : {"", "bytes */10", "bytes 5", "items 5-9/10", "bytes -5-9/10"}) CHECK_FALSE(find_range_start(text));
}
