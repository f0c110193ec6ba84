// `--mount type=…,source=…,destination=…`, see lib/mount_option.h.
//
// The text is a line of comma-separated values (RFC 4180): a field in double quotes may hold commas, two double quotes stand
// for one. Each type knows its own keys, and a key of another one is an error, so that nothing is asked for in vain.
#include "base/error.h"
#include "base/oci/digest.h"
#include "lib/mount_parser.h"

#include <vector>

namespace lib {
namespace {

using oci::printable;

struct KindName {
    std::string_view name;
    MountKind kind;
};
constexpr KindName kind_names[] = {{"bind", MountKind::bind},   {"volume", MountKind::volume}, {"tmpfs", MountKind::tmpfs},
                                   {"ramfs", MountKind::ramfs}, {"devpts", MountKind::devpts}, {"glob", MountKind::glob},
                                   {"image", MountKind::image}};

bool is_source(std::string_view key) { return key == "source" || key == "src"; }
bool is_target(std::string_view key) { return key == "destination" || key == "dst" || key == "target"; }

} // namespace

MountRequest MountParser::mount() {
    const std::vector<Field> fields = split_fields();
    choose_kind(fields);
    take_paths(fields);
    for (const Field& field : fields)
        if (field.key != "type" && !is_source(field.key) && !is_target(field.key)) argument(field);
    check_combination();
    return std::move(request_);
}

std::vector<MountParser::Field> MountParser::split_fields() const {
    std::vector<std::string> texts(1);
    bool quoted = false;
    for (std::size_t i = 0; i < text_.size(); ++i) {
        const char c = text_[i];
        const bool doubled = quoted && c == '"' && text_.substr(i + 1).starts_with('"');
        if (doubled) texts.back() += text_[++i];
        else if (c == '"' && (quoted || texts.back().empty())) quoted = !quoted;
        else if (c == ',' && !quoted) texts.emplace_back();
        else texts.back() += c;
    }
    if (quoted) fail("a double quote is not closed");
    std::vector<Field> fields;
    for (const std::string& text : texts) {
        const auto equals = text.find('=');
        if (equals == 0 || text.empty()) fail("expected KEY=VALUE between the commas");
        const bool has_value = equals != std::string::npos;
        fields.push_back({text.substr(0, equals), has_value ? text.substr(equals + 1) : "", has_value});
    }
    return fields;
}

void MountParser::choose_kind(const std::vector<Field>& fields) {
    request_.kind = MountKind::volume;
    for (const Field& field : fields) {
        if (field.key != "type") continue;
        say_once("type", "type");
        const auto known = std::ranges::find(kind_names, field.value, &KindName::name);
        if (known == std::end(kind_names))
            fail("type \"", printable(field.value), "\" is not one of bind, volume, tmpfs, ramfs, devpts, glob, image");
        request_.kind = known->kind;
    }
    const MountKind kind = request_.kind;
    if (kind == MountKind::tmpfs || kind == MountKind::ramfs) {
        request_ = tmpfs_defaults();
        request_.kind = kind;
        request_.copy_up = kind == MountKind::tmpfs;
    }
    if (kind == MountKind::image) request_.read_only = true;
}

void MountParser::take_paths(const std::vector<Field>& fields) {
    const MountKind kind = request_.kind;
    const bool has_no_source = kind == MountKind::tmpfs || kind == MountKind::ramfs || kind == MountKind::devpts;
    for (const Field& field : fields) {
        if (!is_source(field.key)) continue;
        say_once("source", field.key);
        if (has_no_source) fail("a mount of this type has no source");
        set_source(field.value);
    }
    if (request_.source.empty() && kind == MountKind::volume) request_.kind = MountKind::anonymous;
    else if (request_.source.empty() && !has_no_source) fail("the source is missing (source=…)");
    for (const Field& field : fields) {
        if (!is_target(field.key)) continue;
        say_once("destination", field.key);
        set_destination(field.value);
    }
    if (request_.destination.empty() && kind != MountKind::glob) fail("the destination is missing (destination=…)");
}

bool MountParser::truth(const Field& field) const {
    if (!field.has_value || field.value == "true" || field.value == "1") return true;
    if (field.value == "false" || field.value == "0") return false;
    fail(field.key, " is true or false, not \"", printable(field.value), "\"");
}

void MountParser::set_subpath(const Field& field) {
    say_once("subpath", field.key);
    const std::string& path = field.value;
    const bool leaves = path == ".." || path.starts_with("../") || path.ends_with("/..") || path.find("/../") != std::string::npos;
    if (path.empty() || leaves) fail(field.key, " is a path below the source, without \"..\"");
    check_length(path);
    request_.subpath = path.substr(std::min(path.find_first_not_of('/'), path.size()));
}

/// Keys of all types.
bool MountParser::common_argument(const Field& field) {
    if (field.key == "consistency") { // documented to mean nothing on Linux
        say_once("consistency", field.key);
        return true;
    }
    if (field.key == "ro" || field.key == "readonly") {
        say_once("ro", field.key);
        request_.read_only = truth(field);
        return true;
    }
    if (field.key == "rw" || field.key == "readwrite") {
        say_once("ro", field.key);
        request_.read_only = !truth(field);
        return true;
    }
    return !field.has_value && flag_word(attribute_words, field.key);
}

/// Keys of what shows something that is there already: bind, glob, volume.
bool MountParser::source_argument(const Field& field) {
    const bool binds = request_.kind == MountKind::bind || request_.kind == MountKind::glob;
    if (field.key == "U" || field.key == "chown") {
        say_once("U", field.key);
        request_.chown = truth(field);
    } else if (field.key == "relabel") {
        if (field.value != "shared" && field.value != "private") fail("relabel is shared or private");
        return relabel_word(field.value == "shared" ? "z" : "Z");
    } else if (field.key == "bind-propagation") {
        if (!propagation(field.value)) fail("bind-propagation \"", printable(field.value), "\" is not known");
    } else if (binds && field.key == "bind-nonrecursive") {
        say_once("rbind", field.key);
        request_.recursive = !truth(field);
    } else if (!binds && field.key == "volume-nocopy") {
        say_once("copy", field.key);
        request_.copy_up = !truth(field);
    } else if (!binds && (field.key == "subpath" || field.key == "volume-subpath")) {
        set_subpath(field);
    } else if (field.key == "idmap" || field.key == "no-dereference") {
        return source_word(field.key);
    } else if (field.has_value) {
        return overlay_directory(field.key, field.value);
    } else {
        return source_word(field.key);
    }
    return true;
}

/// Keys of tmpfs and ramfs.
bool MountParser::memory_argument(const Field& field) {
    if (field.key == "noswap") fail("option noswap: the kernel grants it to root only");
    const bool ramfs = request_.kind == MountKind::ramfs;
    for (const char* tmpfs_only : {"U", "chown", "tmpcopyup", "uid", "gid", "nr_inodes"})
        if (ramfs && field.key == tmpfs_only) fail("a ramfs has no option ", field.key, ", a tmpfs has");
    if (field.key == "U" || field.key == "chown") {
        say_once("U", field.key);
        request_.chown = truth(field);
        return true;
    }
    if (!field.has_value) return flag_word(tmpfs_words, field.key);
    if (field.key == "tmpfs-size") set_size(field.value);
    else if (field.key == "tmpfs-mode") set_mode(field.value);
    else return tmpfs_value(field.key, field.value);
    return true;
}

bool MountParser::terminals_argument(const Field& field) {
    if (field.key == "max") {
        say_once("max", "max");
        request_.max = whole_number("max", field.value);
        return true;
    }
    const bool known = field.key == "uid" || field.key == "gid" || field.key == "mode";
    return known && tmpfs_value(field.key, field.value);
}

void MountParser::argument(const Field& field) {
    if (common_argument(field)) return;
    bool known = false;
    switch (request_.kind) {
    case MountKind::bind:
    case MountKind::glob:
    case MountKind::volume:
    case MountKind::anonymous: known = source_argument(field); break;
    case MountKind::tmpfs:
    case MountKind::ramfs: known = memory_argument(field); break;
    case MountKind::devpts: known = terminals_argument(field); break;
    case MountKind::image:
        known = field.key == "subpath";
        if (known) set_subpath(field);
        break;
    }
    if (!known) fail("option \"", printable(field.key), "\" is not known for this type");
}

MountRequest parse_mount_argument(std::string_view text) { return MountParser("--mount", text, {}).mount(); }

} // namespace lib
