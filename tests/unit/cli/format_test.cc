#include "cli/document.h"
#include "cli/format.h"
#include "tests/unit/cli/throws.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using cli::Format;
using nlohmann::json;

namespace {

const json document{{"Id", "abc"},
                    {"State", {{"Pid", 42}, {"Running", true}, {"Error", ""}}},
                    {"Args", {"a", "b"}},
                    {"Labels", {{"x", "1"}, {"y", "2\x1b"}}},
                    {"Nothing", nullptr},
                    {"id_lower", 1}};

std::string render(const char* format) { return Format::parse(format).render(document); }
std::string format_error(const char* format) {
    return error_of([&] { render(format); });
}

} // namespace

TEST_CASE("fields with text around them") {
    CHECK(render("{{.State.Pid}}") == "42");
    CHECK(render("{{ .Id }}") == "abc");
    CHECK(render("id={{.Id}} pid={{.State.Pid}}.") == "id=abc pid=42.");
    CHECK(render("{{.Id}}\\t{{.State.Running}}\\n") == "abc\ttrue\n");
    CHECK(render("{{.State.Error}}") == "");
}

TEST_CASE("values as Go prints them, control characters escaped") {
    CHECK(render("{{.Args}}") == "[a b]");
    CHECK(render("{{.Labels}}") == "map[x:1 y:2\\x1b]");
    CHECK(render("{{.Nothing}}") == "<nil>");
}

TEST_CASE("json of a part, or of all") {
    CHECK(render("{{json .State}}") == R"({"Error":"","Pid":42,"Running":true})");
    CHECK(render("{{ json .Args }}") == R"(["a","b"])");
    CHECK(json::parse(render("{{json .}}")) == document);
    CHECK(render("{{json .Labels}}").find('\x1b') == std::string::npos);
    CHECK(Format::parse("json").is_json());
    CHECK_FALSE(Format::parse("{{json .}}").is_json());
}

TEST_CASE("names match whatever their case") {
    CHECK(render("{{.ID}}") == "abc");
    CHECK(render("{{.state.pid}}") == "42");
}

TEST_CASE("unknown fields are errors") {
    CHECK(format_error("{{.State.Pidd}}") == "--format: there is no field .State.Pidd");
    CHECK(format_error("{{.Id.x}}") == "--format: there is no field .Id.x");
}

TEST_CASE("the rest of the template language says that it comes later") {
    for (const char* format : {"{{if .Id}}x{{end}}", "{{range .Args}}{{.}}{{end}}", "{{len .Args}}", "{{.Id | upper}}",
                               "{{index .Args 0}}", "{{\"x\"}}", "{{.Id.}}", "{{..}}", "{{}}", "{{json}}", "table {{.Id}}",
                               "{{json .Id .Id}}"}) {
        CAPTURE(format);
        CHECK(format_error(format).find("is not supported yet") != std::string::npos);
    }
    CHECK(format_error("{{.Id") == "--format: {{ without }}");
    CHECK(format_error("").starts_with("--format"));
    CHECK(format_error("Id").starts_with("--format: no field"));
}

TEST_CASE("several documents: a line each, or one list") {
    CHECK(cli::formatted("{{.Id}}", {document, document}) == "abc\nabc\n");
    CHECK(json::parse(cli::formatted("json", {document, document})) == json{document, document});
    CHECK(cli::formatted("json", {}) == "[]\n");
}

TEST_CASE("an outline of nested values") {
    CHECK(cli::outline_text({{"a", {{"b", 1}, {"c", "x\x1b"}}}, {"d", {"e", {{"f", true}}}}, {"g", json::array()}, {"h", ""}})
          == "a:\n  b: 1\n  c: x\\x1b\nd:\n  - e\n  -\n    f: true\ng: []\nh: \"\"\n");
}
