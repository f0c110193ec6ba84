// Differences between layers and trees, by their indexes.
#include "storage/changes.h"

#include <doctest/doctest.h>

using storage::Change;
using storage::ChangeKind;
using storage::EntryType;
using storage::IndexEntry;
using storage::MergedIndex;

namespace {

IndexEntry file(const std::string& path, std::int64_t mtime = 1) {
    IndexEntry entry;
    entry.path = path;
    entry.mtime = mtime;
    return entry;
}
IndexEntry dir(const std::string& path, std::uint32_t flags = 0) {
    IndexEntry entry = file(path);
    entry.type = EntryType::directory;
    entry.flags = flags;
    return entry;
}
IndexEntry whiteout(const std::string& path) {
    IndexEntry entry = file(path);
    entry.type = EntryType::whiteout;
    return entry;
}

MergedIndex base() {
    MergedIndex index;
    index.add_layer({dir(""), dir("a"), file("a/1"), file("a/2"), dir("a/sub"), file("a/sub/3"), dir("a-b"), file("a-b/4"), file("f")});
    return index;
}

std::string text(const std::vector<Change>& changes) {
    std::string lines;
    for (const Change& change : changes) lines += static_cast<char>(change.kind) + change.path + " ";
    return lines;
}

} // namespace

TEST_CASE("a layer adds, changes and deletes") {
    CHECK(text(layer_changes(base(), {file("a/1", 9), whiteout("a/2"), file("new")})) == "C/a C/a/1 D/a/2 A/new ");
}

TEST_CASE("a directory that is only on the way is not told") {
    CHECK(text(layer_changes(base(), {dir("a"), dir("a/sub"), file("a/sub/3", 9)})) == "C/a/sub/3 ");
    CHECK(text(layer_changes(base(), {dir("a"), dir("a/sub"), file("a/sub/new")})) == "C/a C/a/sub A/a/sub/new ");
}

TEST_CASE("an opaque directory deletes what it hides and does not have again") {
    CHECK(text(layer_changes(base(), {dir("a", storage::entry_opaque), file("a/1")})) == "C/a C/a/1 D/a/2 D/a/sub ");
}

TEST_CASE("what was replaced inside a layer does not count, nor a whiteout of nothing") {
    IndexEntry replaced = file("gone");
    replaced.flags = storage::entry_replaced;
    CHECK(text(layer_changes(base(), {replaced, whiteout("never")})) == "");
}

TEST_CASE("layers on top of each other") {
    MergedIndex index = base();
    index.add_layer({whiteout("a"), dir("a-b", storage::entry_opaque), file("a-b/5"), file("f", 9)});
    CHECK(index.find("a") == nullptr);
    CHECK(index.find("a/sub/3") == nullptr);
    CHECK(index.find("a-b/4") == nullptr);
    CHECK(index.find("a-b/5") != nullptr);
    CHECK(index.find("f")->mtime == 9);
    CHECK(index.children("") == std::vector<std::string>{"a-b", "f"});
}

TEST_CASE("a file in place of a directory hides what was in it") {
    MergedIndex index = base();
    index.add_layer({file("a")});
    CHECK(index.find("a/sub/3") == nullptr);
    CHECK(index.find("a-b/4") != nullptr);
}

TEST_CASE("two trees") {
    MergedIndex other = base();
    other.add_layer({whiteout("a/sub"), file("a/new"), file("f", 9)});
    CHECK(text(tree_changes(base(), other)) == "C/a A/a/new D/a/sub C/f ");
    CHECK(text(tree_changes(base(), base())) == "");
}
