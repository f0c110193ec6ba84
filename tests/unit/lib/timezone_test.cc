#include "lib/timezone.h"

#include "base/sys.h"
#include "tests/unit/lib/error_text.h"
#include "tests/unit/lib/temp_dir.h"

TEST_CASE("a zone is a TZif file below the directory, and nothing leads out of that") {
    const TempDir zones;
    const auto put = [&](const std::string& name, const std::string& text) {
        sys::write_all(sys::open(zones.path + "/" + name, O_WRONLY | O_CREAT, 0644).get(), text, name);
    };
    sys::mkdir_at(AT_FDCWD, zones.path + "/Europe", 0755);
    put("Europe/Berlin", "TZif2...");
    put("zone.tab", "# text");
    put("tab", "# text");
    CHECK(lib::read_timezone("Europe/Berlin", zones.path) == "TZif2...");
    const auto refusal = [&](const char* name) { return error_text([&] { lib::read_timezone(name, zones.path); }); };
    CHECK(refusal("Europe/Paris").find("there is no such time zone") != std::string::npos);
    CHECK(refusal("tab").find("is not a time zone file") != std::string::npos);
    CHECK(refusal("../x").starts_with("--tz ../x: a name such as"));
    CHECK(refusal("/etc/passwd").starts_with("--tz /etc/passwd: a name such as"));
    CHECK_FALSE(refusal("Europe").empty());
}
