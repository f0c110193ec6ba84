#include "lib/config/containers_conf.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/config/conf_keys.h"
#include "tests/unit/lib/error_text.h"
#include "tests/unit/lib/temp_dir.h"

#include <algorithm>

using lib::config::ConfPlaces;
using lib::config::ContainersConf;
using Words = std::vector<std::string>;

namespace {

ContainersConf conf_of(std::initializer_list<const char*> texts) {
    ContainersConf conf;
    for (const char* text : texts) conf.add(text, "F");
    return conf;
}

std::string error_in(const char* text) {
    return error_text([&] { conf_of({text}); });
}

/// A machine's and a user's configuration in a directory.
struct Machine {
    TempDir dir;
    ConfPlaces places() const { return {dir.path, dir.path + "/home", "", "", {}}; }
    void file(const std::string& path, const std::string& text) const {
        const std::string whole = dir.path + path;
        sys::ensure_dir(whole.substr(0, whole.rfind('/')), 0755);
        sys::write_all(sys::open(whole, O_WRONLY | O_CREAT | O_TRUNC, 0644).get(), text, whole);
    }
    static std::string tz(const char* zone) { return std::string("[containers]\ntz = \"") + zone + "\"\n"; }
};

} // namespace

TEST_CASE("values of every type are read") {
    const ContainersConf conf = conf_of({"[containers]\ninit = true\npids_limit = 5\ntz = \"local\"\nenv = [\"A=1\", \"B=2\"]\n"});
    CHECK(conf.flag("containers.init") == true);
    CHECK(conf.number("containers.pids_limit") == 5);
    CHECK(conf.text("containers.tz") == "local");
    CHECK(conf.list("containers.env") == Words{"A=1", "B=2"});
    CHECK_FALSE(conf.flag("containers.privileged"));
    CHECK_FALSE(conf.number("containers.oom_score_adj"));
    CHECK(conf.text("containers.umask").empty());
    CHECK(conf.list("containers.volumes").empty());
    CHECK(conf.warnings().empty());
}

TEST_CASE("a later file replaces values, and lists unless they are to be added to") {
    const char* one = "[containers]\nenv = [\"1=1\"]\n";
    const char* two = "[containers]\nenv = [\"2=2\"]\n";
    const char* three = "[containers]\nenv = [\"3=3\", {append=true}]\n";
    const char* four = "[containers]\nenv = [\"4=4\"]\n";
    const char* off = "[containers]\nenv = [\"5=5\", {append=false}]\n";
    CHECK(conf_of({one, two}).list("containers.env") == Words{"2=2"});
    CHECK(conf_of({one, two, three, four}).list("containers.env") == Words{"2=2", "3=3", "4=4"});
    CHECK(conf_of({one, three, off}).list("containers.env") == Words{"5=5"});
    CHECK(conf_of({"[containers]\nenv = [{append=true}]\n", one}).list("containers.env") == Words{"1=1"});
}

TEST_CASE("a file that cannot be read names the line and what is wrong") {
    CHECK(error_in("[containers]\ntz = \n").substr(0, 10) == "F line 2: "); // the words are toml11's, and not the same in 3 and 4
    CHECK(error_in("[containers]\ntz = 5\n") == "F line 2: containers.tz: a text in quotes is needed");
    CHECK(error_in("[containers]\n\ninit = \"yes\"\n") == "F line 3: containers.init: true or false is needed");
    CHECK(error_in("[containers]\nenv = \"A=1\"\n") == "F line 2: containers.env: a list of texts is needed");
    CHECK(error_in("[containers]\nenv = [\"A=1\", 5]\n").starts_with("F line 2: containers.env: a list of texts is needed, with"));
    CHECK(error_in("tz = \"local\"\n").starts_with("F line 1: tz: every key belongs to a table"));
    CHECK(error_in("[containers\n").starts_with("F line 1: "));
    CHECK(error_in("[containers]\ntz = \"a\"\ntz = \"b\"\n").starts_with("F line 3: "));
}

TEST_CASE("a key without effect is a warning with the reason, once") {
    const ContainersConf conf = conf_of({"[containers]\nlabel = true\nnonsense = 1\n[engine]\nnum_locks = 5\n[engine.platform_to_oci_runtime]\na = \"x\"\n"
                                         "[machine]\ncpus = 1\n[other.table]\nkey = 1\n", "[containers]\nlabel = false\n"});
    const Words expected{"F: containers.label: not supported yet (no SELinux labels yet)",
                         "F: containers.nonsense: there is no such key in containers.conf(5)",
                         "F: engine.num_locks: has no effect: ctl has no numbered locks and no database",
                         "F: engine.platform_to_oci_runtime: not supported yet (other OCI runtimes)",
                         "F: machine: has no effect: ctl runs on Linux without a virtual machine",
                         "F: other.table.key: there is no such key in containers.conf(5)"};
    CHECK(conf.warnings() == expected);
}

TEST_CASE("the table of runtimes has lists by names of the user's choice, file by file") {
    const ContainersConf conf = conf_of({"[engine.runtimes]\ncrun = [\"/a\", \"/b\"]\n", "[engine.runtimes]\ncrun = [\"/c\"]\nmine = [\"/d\"]\n"});
    const auto runtimes = conf.lists("engine.runtimes");
    CHECK(runtimes == std::map<std::string, Words>{{"crun", {"/c"}}, {"mine", {"/d"}}});
    CHECK(conf.warnings().empty());
    CHECK(error_in("[engine.runtimes]\ncrun = \"/a\"\n") == "F line 2: engine.runtimes.crun: a list of texts is needed");
}

TEST_CASE("warnings are given once, and always where that cannot be remembered") {
    const TempDir dir;
    CHECK(lib::config::not_yet_told({"a", "b"}, dir.path + "/run") == Words{"a", "b"});
    CHECK(lib::config::not_yet_told({"a", "b", "c"}, dir.path + "/run") == Words{"c"});
    CHECK(lib::config::not_yet_told({"a"}, dir.path + "/run").empty());
    CHECK(lib::config::not_yet_told({"a"}, "/dev/null/nowhere") == Words{"a"});
}

TEST_CASE("the machine's files come first, drop-ins after theirs, the user's last") {
    const Machine machine;
    CHECK(ContainersConf::load(machine.places()).settings().empty());
    const auto zone = [&] { return ContainersConf::load(machine.places()).text("containers.tz"); };
    machine.file("/usr/share/containers/containers.conf", Machine::tz("usr"));
    CHECK(zone() == "usr");
    machine.file("/etc/containers/containers.conf", Machine::tz("etc"));
    CHECK(zone() == "etc");
    machine.file("/etc/containers/containers.conf.d/20-b.conf", Machine::tz("b"));
    machine.file("/etc/containers/containers.conf.d/10-a.conf", Machine::tz("a"));
    machine.file("/etc/containers/containers.conf.d/30-c.txt", Machine::tz("c"));
    CHECK(zone() == "b");
    machine.file("/home/containers.conf", Machine::tz("home"));
    CHECK(zone() == "home");
    machine.file("/home/containers.conf.d/x.conf", Machine::tz("home.d"));
    CHECK(zone() == "home.d");
    CHECK(ContainersConf::load(machine.places()).find("containers.tz")->file.ends_with("/home/containers.conf.d/x.conf"));
}

TEST_CASE("CONTAINERS_CONF stands for all others, the override comes after everything") {
    const Machine machine;
    machine.file("/etc/containers/containers.conf", Machine::tz("etc"));
    machine.file("/only", "[containers]\numask = \"0\"\n");
    machine.file("/last", Machine::tz("last"));
    ConfPlaces places = machine.places();
    places.only = machine.dir.path + "/only";
    CHECK(ContainersConf::load(places).text("containers.tz").empty());
    CHECK(ContainersConf::load(places).text("containers.umask") == "0");
    places.last = machine.dir.path + "/last";
    CHECK(ContainersConf::load(places).text("containers.tz") == "last");
    places.only = "/dev/null";
    places.last = "";
    CHECK(ContainersConf::load(places).settings().empty());
    places.only = machine.dir.path + "/missing";
    CHECK_THROWS_AS(ContainersConf::load(places), Error);
}

TEST_CASE("a module is found in the user's directory before the machine's, or by its path") {
    const Machine machine;
    ConfPlaces places = machine.places();
    places.modules = {"sub/m.conf"};
    CHECK(error_text([&] { ContainersConf::load(places); }).starts_with("--module sub/m.conf: there is no such file"));
    machine.file("/usr/share/containers/containers.conf.modules/sub/m.conf", Machine::tz("usr"));
    CHECK(ContainersConf::load(places).text("containers.tz") == "usr");
    machine.file("/home/containers.conf.modules/sub/m.conf", Machine::tz("home"));
    CHECK(ContainersConf::load(places).text("containers.tz") == "home");
    machine.file("/elsewhere", Machine::tz("path"));
    places.modules.push_back(machine.dir.path + "/elsewhere");
    CHECK(ContainersConf::load(places).text("containers.tz") == "path");
}

TEST_CASE("docs/containers-conf.md says of every key what the table says") {
    const std::string text = files::read(DOCS_DIR "/containers-conf.md");
    for (const lib::config::ConfKey& key : lib::config::conf_keys()) {
        const char* status = key.status == lib::config::KeyStatus::supported ? "yes"
                             : key.status == lib::config::KeyStatus::not_yet ? "not yet"
                                                                             : "never";
        const std::string line = cat("| `", key.name, "` | ", status, " | ", key.note, key.note.empty() ? "|\n" : " |\n");
        CHECK_MESSAGE(text.find(line) != std::string::npos, line);
    }
    CHECK(static_cast<std::size_t>(std::ranges::count(text, '\n')) > lib::config::conf_keys().size());
}
