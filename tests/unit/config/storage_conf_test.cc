#include "lib/config/storage_conf.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <string>

using lib::config::ConfUser;

namespace {

std::map<std::string, std::string> parse(const std::string& text, ConfUser user = ConfUser::ordinary) {
    return lib::config::parse_storage_conf(text, "s.conf", user, [](const std::string& name) -> std::optional<std::string> {
        if (name == "HOME") return "/home/alice";
        if (name == "UID") return "1000";
        return std::nullopt;
    });
}

/// "NAME=VALUE ..." in the order of the names.
std::string variables(const std::string& text, ConfUser user = ConfUser::ordinary) {
    std::string all;
    for (const auto& [name, value] : parse(text, user)) all += cat(all.empty() ? "" : " ", name, "=", value);
    return all;
}

std::string failure(const std::string& text) {
    try {
        (void)parse(text);
    } catch (const Error& e) {
        return e.what();
    }
    return "";
}

} // namespace

TEST_CASE("each key is its environment variable") {
    CHECK(variables("") == "");
    CHECK(variables("[storage]\ndriver = \"fuse\"\ngraphroot = \"/a\"\nrunroot = \"/b\"\nimagestore = \"/c\"\ntransient_store = true\n"
                    "[storage.options]\nadditionalimagestores = [\"/d\", \"/e\"]\n")
          == "CTL_IMAGESTORE=/c CTL_IMAGE_STORES=/d:/e CTL_ROOT=/a CTL_RUNROOT=/b CTL_STORAGE_DRIVER=fuse CTL_TRANSIENT_STORE=1");
    CHECK(variables("[storage]\ntransient_store = false\n") == "");
}

TEST_CASE("rootless_storage_path is graphroot for ordinary users") {
    const std::string both = "[storage]\ngraphroot = \"/root\"\nrootless_storage_path = \"/of/$UID\"\n";
    CHECK(variables(both) == "CTL_ROOT=/of/1000");
    CHECK(variables(both, ConfUser::root) == "CTL_ROOT=/root");
}

TEST_CASE("names of the user in paths") {
    CHECK(variables("[storage]\ngraphroot = \"$HOME/x$UID/y\"\n") == "CTL_ROOT=/home/alice/x1000/y");
    CHECK(failure("[storage]\ngraphroot = \"/x/$USER\"\n") == "s.conf: storage.graphroot: $USER is not set, or not one of $HOME, $USER and $UID");
    CHECK(failure("[storage]\ngraphroot = \"/x/$PATH\"\n").find("$PATH is not set, or not one of") != std::string::npos);
}

TEST_CASE("what is no path, has another type, or is not known is an error with its place") {
    CHECK(failure("[storage]\nimagestore = \"images\"\n") == "s.conf: storage.imagestore: \"images\" is no absolute path");
    CHECK(failure("[storage]\ntransient_store = \"yes\"\n") == "s.conf: storage.transient_store: expected true or false");
    CHECK(failure("[storage.options]\nsize = \"1G\"\n") == "s.conf: storage.options.size: not supported here; there are additionalimagestores");
    CHECK(failure("[storage]\ngraph = \"/x\"\n").find("s.conf: storage.graph: not supported here; there are driver, graphroot") == 0);
    CHECK(failure("[podman]\n") == "s.conf: podman: not supported here; there are storage");
    CHECK(failure("[storage]\n[storage\n").starts_with("s.conf line 2: "));
    CHECK(failure("[storage]\n[storage\n").find("toml::") == std::string::npos);
    CHECK(failure("[storage]\n[storage\n").find("[error]") == std::string::npos);
    CHECK(failure("storage = 1\n") == "s.conf: storage: expected a table");
}
