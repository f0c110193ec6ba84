// The bounded cache of descriptors.
#include "storage/fuse/fd_cache.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

using namespace storage::fuse;

namespace {

FdPtr some_fd() { return std::make_shared<UniqueFd>(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

} // namespace

TEST_CASE("the least recently used descriptor goes and is closed") {
    FdCache cache(2);
    const Node one, two, three;
    const FdPtr first = some_fd();
    const int second = [&] {
        FdPtr fd = some_fd();
        const int number = fd->get();
        cache.put(one, FdCache::content, first);
        cache.put(two, FdCache::content, std::move(fd));
        return number;
    }();
    CHECK(cache.find(one, FdCache::content) == first); // now `two` is the older one
    cache.put(three, FdCache::content, some_fd());
    CHECK(cache.size() == 2);
    CHECK(cache.find(two, FdCache::content) == nullptr);
    CHECK_FALSE(is_open(second));
    CHECK(cache.find(three, FdCache::content) != nullptr);
}

TEST_CASE("who holds a descriptor keeps it open") {
    FdCache cache(1);
    const Node one, two;
    cache.put(one, 0, some_fd());
    const FdPtr held = cache.find(one, 0);
    cache.put(two, 0, some_fd());
    CHECK(cache.find(one, 0) == nullptr);
    CHECK(is_open(held->get()));
}

TEST_CASE("slots of a node are apart, and a new descriptor takes the place of the old") {
    FdCache cache(8);
    const Node node;
    const FdPtr low = some_fd(), content = some_fd(), newer = some_fd();
    cache.put(node, 1, low);
    cache.put(node, FdCache::content, content);
    CHECK(cache.find(node, 1) == low);
    cache.put(node, FdCache::content, newer);
    CHECK(cache.find(node, FdCache::content) == newer);
    cache.drop(node, 1);
    CHECK(cache.find(node, 1) == nullptr);
    CHECK(cache.size() == 1);
}
