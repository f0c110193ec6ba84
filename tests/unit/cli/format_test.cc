#include "cli/document.h"
#include "cli/format.h"
#include "tests/unit/cli/throws.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using cli::Format;
using nlohmann::json;

namespace {

const json document{{"Id", "abc"}, {"CreatedAt", "now"}, {"Names", "one"}, {"Labels", {{"y", "2\x1b"}}}, {"Args", {"a", "b"}}};
const json other{{"Id", "d"}, {"CreatedAt", "later"}, {"Names", "another"}, {"Labels", json::object()}, {"Args", {"c"}}};

std::string render(const char* format) { return Format::parse(format).render_all({document, other}); }
std::string format_error(const char* format) {
    return error_of([&] { render(format); });
}

} // namespace

TEST_CASE("formats: a line for each document") {
    CHECK(render("{{.Id}}") == "abc\nd\n");
    CHECK(render("{{.Id}}\\n") == "abc\nd\n");
    CHECK(render("{{.Id}}\\t{{.Names}}") == "abc\tone\nd\tanother\n");
    CHECK(render("{{range .Args}}{{.}};{{end}}") == "a;b;\nc;\n");
    CHECK(render("{{if eq .Id \"d\"}}{{.Id}}{{end}}") == "\nd\n");
    CHECK(Format::parse("{{.Id}}").render(document) == "abc\n");
}

TEST_CASE("formats: one range over the dot gets the list") {
    CHECK(render("{{range .}}{{.Id}},{{end}}") == "abc,d,");
    CHECK(render("{{range $i, $c := .}}{{$i}}{{$c.Id}},{{end}}") == "0abc,1d,");
    CHECK(render("{{range $}}{{.Id}},{{end}}") == "abc,d,");
}

TEST_CASE("formats: fields for templates beside the document") {
    const std::vector<json> documents{{{"Id", "abcdef"}, {"Size", 1}}}, fields{{{"ID", "abc"}, {"Size", "1 B"}}};
    const auto with_fields = [&](const char* text) { return Format::parse(text).render_all(documents, fields, cli::default_context()); };
    CHECK(with_fields("{{.ID}} {{.Id}} {{.iD}} {{.Size}}") == "abc abcdef abc 1 B\n");
    CHECK(with_fields("{{range .}}{{.ID}}{{end}}") == "abc");
    CHECK(json::parse(with_fields("{{json .}}")) == documents[0]);
    CHECK(json::parse(with_fields("json"))[0] == documents[0]);
}

TEST_CASE("formats: json is the list of documents") {
    CHECK(json::parse(render("json")) == json{document, other});
    CHECK(render("json").find('\x1b') == std::string::npos);
    CHECK(Format::parse("json").render_all({}) == "[]\n");
    CHECK(json::parse(Format::parse(" json ").render(document)) == document);
    CHECK(Format::parse("json").is_json());
    CHECK_FALSE(Format::parse("{{json .}}").is_json());
    CHECK(json::parse(Format::parse("{{json .}}").render(document)) == document);
}

TEST_CASE("formats: a table has headings and columns") {
    CHECK(render("table {{.Id}}\\t{{.CreatedAt}}\\t{{.Names}}") == "ID   CREATED AT  NAMES\nabc  now         one\nd    later       another\n");
    CHECK(render("table {{.Id}} {{.Names}}") == "ID   NAMES\nabc  one\nd    another\n");
    CHECK(render("table {{printf \"%s x\" .Id}}") == "ID\nabc x\nd x\n");
    CHECK(render("table {{range .}}{{.Id}} {{.Names}}{{\"\\n\"}}{{end}}").find("abc  one\n") != std::string::npos);
    CHECK(Format::parse("table {{.Id}}").render_all({}) == "ID\n");

    cli::FormatContext context = cli::default_context();
    constexpr std::pair<std::string_view, std::string_view> headings[] = {{"ID", "CONTAINER ID"}};
    context.headings = headings;
    CHECK(Format::parse("table {{.Id}}").render_all({other}, context) == "CONTAINER ID\nd\n");
    context.with_headings = false;
    CHECK(Format::parse("table {{.Id}}").render_all({other}, context) == "d\n");
}

TEST_CASE("formats: headings are the words of a field's name") {
    CHECK(cli::heading_of("ID") == "ID");
    CHECK(cli::heading_of("CreatedAt") == "CREATED AT");
    CHECK(cli::heading_of("ImageID") == "IMAGE ID");
    CHECK(cli::heading_of("CIDFile") == "CID FILE");
    CHECK(cli::heading_of("names") == "NAMES");
}

TEST_CASE("formats: errors name the option and the character") {
    CHECK(format_error("{{.Idd}}") == "--format: there is no field .Idd (there is Id), at character 3");
    CHECK(format_error("table {{.Idd}}") == "--format: there is no field .Idd (there is Id), at character 9");
    CHECK(format_error("{{.Id") == "--format: {{ without }}, at character 1");
    CHECK(format_error("").starts_with("--format: no field"));
    CHECK(format_error("Id").starts_with("--format: no field"));
}

TEST_CASE("formats: free keys of labels, fields that documents may leave out") {
    CHECK(Format::parse("{{.Labels.none}} [{{index .Labels \"none\"}}] {{.Health}}").render(document) == "<no value> [] <nil>\n");
}

TEST_CASE("an outline of nested values") {
    CHECK(cli::outline_text({{"a", {{"b", 1}, {"c", "x\x1b"}}}, {"d", {"e", {{"f", true}}}}, {"g", json::array()}, {"h", ""}})
          == "a:\n  b: 1\n  c: x\\x1b\nd:\n  - e\n  -\n    f: true\ng: []\nh: \"\"\n");
}
