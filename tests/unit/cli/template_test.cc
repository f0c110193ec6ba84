// The template engine against what Go's documentation of text/template and fmt says.
#include "cli/templates/template.h"
#include "tests/unit/cli/throws.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using cli::templates::Schema;
using cli::templates::Template;
using nlohmann::json;

namespace {

const json data{{"Id", "abc"},
                {"State", {{"Pid", 42}, {"Running", true}, {"Error", ""}}},
                {"Args", {"a", "b", "c"}},
                {"Empty", json::array()},
                {"Labels", {{"x", "1"}, {"with-dash", "d"}}},
                {"Mounts", {{{"Source", "/s"}, {"RW", true}}, {{"Source", "/t"}, {"RW", false}}}},
                {"Ports", {{"80/tcp", {{{"HostPort", "8080"}}}}}},
                {"Ratio", 1.5},
                {"Nothing", nullptr},
                {"Zero", 0},
                {"Evil", "e\x1b\n"},
                {"id_lower", 1}};

constexpr std::string_view maps[] = {"Labels", "Ports"};
constexpr std::string_view optional[] = {"Health"};

Schema schema() {
    return {.maps = maps,
            .optional = optional,
            .methods = {{"Label", [](const json& receiver, const std::vector<std::string>& arguments) {
                             return json(receiver["Labels"].value(arguments.at(0), ""));
                         }}}};
}

std::string render(const std::string& text) { return Template::parse(text).render(data, schema()); }
std::string error(const std::string& text) {
    return error_of([&] { render(text); });
}

struct Case {
    const char* text;
    const char* expected;
};

template <std::size_t N>
void check(const Case (&cases)[N]) {
    for (const Case& one : cases) {
        CAPTURE(one.text);
        const std::string problem = error(one.text);
        CHECK(problem == "");
        if (problem.empty()) CHECK(render(one.text) == one.expected);
    }
}

} // namespace

TEST_CASE("templates: fields, dot and text") {
    check({
        {"", ""},
        {"plain {text}", "plain {text}"},
        {"{{.Id}}", "abc"},
        {"id={{ .Id }} pid={{.State.Pid}}.", "id=abc pid=42."},
        {"{{.State.Running}}{{.State.Error}}", "true"},
        {"{{.ID}} {{.state.pid}} {{.Id_Lower}}", "abc 42 1"},
        {"{{$.Id}} {{$.State.Pid}}", "abc 42"},
        {"{{(.State).Pid}} {{(index .Mounts 1).Source}}", "42 /t"},
        {"a\\tb\\nc", "a\tb\nc"},
    });
}

TEST_CASE("templates: values as Go prints them") {
    check({
        {"{{.Args}} {{.Empty}}", "[a b c] []"},
        {"{{.Labels}}", "map[with-dash:d x:1]"},
        {"{{.Nothing}}", "<nil>"},
        {"{{.Labels.y}}", "<no value>"},
        {"{{.Ratio}} {{1e6}} {{1e5}} {{1e-5}} {{-0.25}}", "1.5 1e+06 100000 1e-05 -0.25"},
        {"{{true}} {{false}}", "true false"},
        {"{{0x1F}} {{0b101}} {{0o17}} {{017}} {{1_000}} {{-7}} {{+7}}", "31 5 15 15 1000 -7 7"},
        {"{{'a'}} {{'\\n'}} {{'é'}}", "97 10 233"},
        {"{{\"q\\\"\\t\\u00e9\\x41\"}} {{`raw\\n`}}", "q\"\té" "A raw\\n"},
    });
}

TEST_CASE("templates: blanks beside trim markers") {
    check({
        {"a {{- .Id -}} b", "aabcb"},
        {"a {{- .Id }} b", "aabc b"},
        {"a\\n\\t{{- \" \" -}}\\n b", "a b"},
        {"{{23 -}} < {{- 45}}", "23<45"},
        {"{{-3}}", "-3"},
        {"a {{/* note */}} b", "a  b"},
        {"a {{- /* note */ -}} b", "ab"},
        {"a{{- /* note\n}} over lines */}} b", "a b"},
    });
}

TEST_CASE("templates: variables") {
    check({
        {"{{$x := .Id}}{{$x}}-{{$x}}", "abc-abc"},
        {"{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"},
        {"{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"},
        {"{{with $x := .State}}{{$x.Pid}}{{end}}", "42"},
        {"{{$s := .State}}{{$s.Pid}}", "42"},
        {"{{$last := \"\"}}{{range .Args}}{{$last = .}}{{end}}{{$last}}", "c"},
        {"{{range .Args}}{{$.Id}}{{end}}", "abcabcabc"},
    });
    CHECK(error("{{$x}}") == "there is no variable $x, at character 3");
    CHECK(error("{{$x = 1}}").starts_with("there is no variable $x to assign to"));
    CHECK(error("{{if true}}{{$x := 1}}{{end}}{{$x}}").starts_with("there is no variable $x"));
    CHECK(error("{{$ := 1}}").starts_with("there is no variable $ to assign to"));
}

TEST_CASE("templates: if, and what is true") {
    check({
        {"{{if .Id}}y{{end}}{{if .Empty}}n{{end}}", "y"},
        {"{{if .Zero}}y{{else}}n{{end}}", "n"},
        {"{{if .State.Error}}a{{else if .Nothing}}b{{else if .Args}}c{{else}}d{{end}}", "c"},
        {"{{if .Labels.y}}y{{else}}n{{end}}", "n"},
        {"{{if .Health}}{{.Health.Status}}{{else}}none{{end}}", "none"},
        {"{{if and .Id .Args}}y{{end}}{{if or .Zero .Empty}}n{{end}}{{if not .Zero}}z{{end}}", "yz"},
        {"{{if eq .State.Pid 42}}y{{end}}", "y"},
    });
}

TEST_CASE("templates: range") {
    check({
        {"{{range .Args}}<{{.}}>{{end}}", "<a><b><c>"},
        {"{{range $i, $x := .Args}}{{$i}}{{$x}}{{end}}", "0a1b2c"},
        {"{{range $x := .Args}}{{$x}}{{end}}", "abc"},
        {"{{range $k, $v := .Labels}}{{$k}}={{$v}},{{end}}", "with-dash=d,x=1,"},
        {"{{range .Empty}}x{{else}}none{{end}}", "none"},
        {"{{range .Nothing}}x{{else}}none{{end}}", "none"},
        {"{{range .Labels.y}}x{{else}}none{{end}}", "none"},
        {"{{range 3}}{{.}}{{end}}", "012"},
        {"{{range .Args}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}{{end}}", "a"},
        {"{{range .Args}}{{if eq . \"b\"}}{{continue}}{{end}}{{.}}{{end}}", "ac"},
        {"{{range .Mounts}}{{range $.Args}}{{break}}{{end}}{{.Source}}{{end}}", "/s/t"},
        {"{{range .Mounts}}{{if .RW}}{{.Source}}{{end}}{{end}}", "/s"},
        {"{{$i := 0}}{{$x := 0}}{{range $i, $x = .Args}}{{end}}{{$i}}{{$x}}", "2c"},
        {"{{range $p, $conf := .Ports}}{{$p}} -> {{(index $conf 0).HostPort}}{{end}}", "80/tcp -> 8080"},
    });
    CHECK(error("{{range .Id}}{{end}}") == "range over a text, at character 9");
    CHECK(error("{{break}}").starts_with("{{break}} outside of a range"));
    CHECK(error("{{$i := 0}}{{range $i, $x = .Args}}{{end}}").starts_with("there is no variable $x"));
}

TEST_CASE("templates: with") {
    check({
        {"{{with .State}}{{.Pid}}{{end}}", "42"},
        {"{{with .Nothing}}x{{else}}none{{end}}", "none"},
        {"{{with .Nothing}}x{{else with .State}}{{.Pid}}{{end}}", "42"},
        {"{{with .State}}{{$.Id}}{{end}}", "abc"},
    });
}

TEST_CASE("templates: pipes and parentheses") {
    check({
        {"{{.Id | upper}}", "ABC"},
        {"{{.Id | upper | lower | printf \"%s-%s\" \"x\"}}", "x-abc"},
        {"{{printf \"%d\" (len .Args)}}", "3"},
        {"{{(.Id | upper) | lower}}", "abc"},
        {"{{\"out\" | printf \"%q\"}}", "\"out\""},
        {"{{with \"out\"}}{{printf \"%q\" .}}{{end}}", "\"out\""},
        {"{{printf `%s%s` `a` (print 1 2)}}", "a1 2"},
    });
}

TEST_CASE("templates: named ones") {
    check({
        {"{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .Id}}{{template \"t\" 1}}", "<abc><1>"},
        {"{{template \"t\"}}{{define \"t\"}}[{{.}}]{{end}}", "[<no value>]"},
        {"{{block \"b\" .State}}{{.Pid}}{{end}}", "42"},
        {"{{define \"t\"}}{{$.Pid}}{{end}}{{with .State}}{{template \"t\" .}}{{end}}", "42"},
    });
    CHECK(error("{{template \"t\"}}") == "there is no template named \"t\", at character 1");
    CHECK(error("{{define \"t\"}}{{template \"t\"}}{{end}}{{template \"t\"}}").starts_with("more than 100 templates"));
    CHECK(error("{{define \"t\"}}{{end}}{{define \"t\"}}{{end}}").starts_with("a second template"));
    CHECK(error("{{range .Args}}{{define \"t\"}}{{end}}{{end}}").starts_with("{{define}} inside"));
    CHECK(error("{{$x := 1}}{{define \"t\"}}{{$x}}{{end}}").starts_with("there is no variable $x"));
}

TEST_CASE("templates: comparing") {
    check({
        {"{{eq 1 1}} {{eq 1 2}} {{eq \"a\" \"a\"}} {{eq 1 2 1}} {{eq true false}}", "true false true true false"},
        {"{{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 2 1}}", "true true true false true"},
        {"{{lt \"a\" \"b\"}} {{eq 1 1.0}} {{lt 1 1.5}}", "true true true"},
        {"{{eq .Nothing nil}} {{eq .Id nil}} {{not 0}}", "true false true"},
        {"{{and 1 2}} {{and 0 2}} {{or 0 2}} {{or 1 2}} {{or \"\" 0}}", "2 0 2 1 0"},
        {"{{and false (index .Args 99)}} {{or true (index .Args 99)}}", "false true"},
        {"{{1 | eq 1}} {{2 | or 0}}", "true 2"},
    });
    CHECK(error("{{eq 1 \"1\"}}") == "eq: a number and a text cannot be compared, at character 3");
    CHECK(error("{{eq .Args .Args}}").find("cannot be compared") != std::string::npos);
    CHECK(error("{{lt true false}}").find("cannot be compared") != std::string::npos);
    CHECK(error("{{eq 1}}").starts_with("eq: too few arguments"));
    CHECK(error("{{not 1 2}}").starts_with("not: too many arguments"));
}

TEST_CASE("templates: len, index, slice") {
    check({
        {"{{len .Args}} {{len .Id}} {{len .Labels}} {{len .Nothing}}", "3 3 2 0"},
        {"{{index .Args 1}} {{index .Labels \"with-dash\"}} {{index .Id 0}}", "b d 97"},
        {"{{index .Mounts 0 \"Source\"}} {{index .Args}}", "/s [a b c]"},
        {"[{{index .Labels \"none\"}}] [{{index .Ports \"81/tcp\"}}]", "[] [[]]"},
        {"{{(index (index .Ports \"80/tcp\") 0).HostPort}}", "8080"},
        {"{{slice .Id 1}} {{slice .Id 1 2}} {{slice .Args 1 3}} {{slice .Args}} {{slice .Args 0 1 2}}", "bc b [b c] [a b c] [a]"},
    });
    CHECK(error("{{index .Args 3}}") == "index: 3 is out of range, at character 3");
    CHECK(error("{{index .Args -1}}").starts_with("index: -1 is out of range"));
    CHECK(error("{{index .Args \"x\"}}").starts_with("index: argument 2 is a text, expected a whole number"));
    CHECK(error("{{index .State \"Pidd\"}}").starts_with("index: there is no field Pidd"));
    CHECK(error("{{index .State.Pid 0}}").starts_with("index: a number has no elements"));
    CHECK(error("{{slice .Id 2 1}}").starts_with("slice: 2 is out of range"));
    CHECK(error("{{slice .Id 0 1 2}}").starts_with("slice: a text takes two"));
    CHECK(error("{{len 3}}").starts_with("len: argument 1 is a number"));
}

TEST_CASE("templates: functions on texts") {
    check({
        {"{{join .Args \", \"}} {{join .Empty \",\"}}", "a, b, c "},
        {"{{join .Args \"\\n\"}}", "a\nb\nc"},
        {"{{split \"a,b\" \",\"}} {{index (split .Id \"b\") 1}} {{split \"ab\" \"\"}}", "[a b] c [a b]"},
        {"{{lower \"ABé\"}} {{upper \"abé\"}} {{title \"two words_x 3a\"}}", "abé ABé Two Words_x 3a"},
        {"[{{pad .Id 1 2}}] [{{pad \"\" 1 2}}] {{truncate .Id 2}} {{truncate .Id 9}} [{{truncate \"é\" 1}}]", "[ abc  ] [] ab abc []"},
        {"{{json .State}} {{json .Args}} {{json .Labels.y}}", R"({"Error":"","Pid":42,"Running":true} ["a","b","c"] null)"},
        {"{{html \"<a href='x'>&\"}}", "&lt;a href=&#39;x&#39;&gt;&amp;"},
        {"{{js \"it's <b>=\"}}", "it\\'s \\u003Cb\\u003E\\u003D"},
        {"{{urlquery \"a b&c/~\"}}", "a+b%26c%2F~"},
        {"{{print 1 2 \"x\" 3 4}} {{print}}", "1 2x3 4 "},
        {"{{println \"a\" \"b\" 3}}|{{println}}", "a b 3\n|\n"},
    });
    CHECK(error("{{join .Id \",\"}}").starts_with("join: argument 1 is a text, expected a list"));
    CHECK(error("{{upper 3}}").starts_with("upper: argument 1 is a number, expected a text"));
    CHECK(error("{{pad .Id 1000000 1}}").find("is not a length") != std::string::npos);
}

TEST_CASE("templates: printf as Go's fmt") {
    check({
        {"{{printf \"%s|%5s|%-5s|%.2s|%q\" .Id .Id .Id .Id .Id}}", "abc|  abc|abc  |ab|\"abc\""},
        {"{{printf \"%d|%5d|%-5d|%05d|%+d|% d\" 42 42 42 42 42 42}}", "42|   42|42   |00042|+42| 42"},
        {"{{printf \"%05d|%x|%X|%#x|%o|%O|%b|%c|%U\" -42 255 255 255 8 8 5 65 233}}", "-0042|ff|FF|0xff|10|0o10|101|A|U+00E9"},
        {"{{printf \"%f|%.2f|%8.3f|%e|%g\" 1.5 1.5 1.5 1.5 1.5}}", "1.500000|1.50|   1.500|1.500000e+00|1.5"},
        {"{{printf \"%v|%v|%v|%v|%5v|%t\" .Args .Labels .Nothing 1.5 1 true}}", "[a b c]|map[with-dash:d x:1]|<nil>|1.5|    1|true"},
        {"{{printf \"%s|%q|%x\" .Args .Args \"hi\"}}", "[a b c]|[\"a\" \"b\" \"c\"]|6869"},
        {"{{printf \"%T %T %T %T\" 1 \"x\" 1.5 true}}", "int string float64 bool"},
        {"{{printf \"%#v %#v\" \"x\" .Args}}", "\"x\" []interface {}{\"a\", \"b\", \"c\"}"},
        {"{{printf \"%*d|%-*d|\" 4 1 4 1}}", "   1|1   |"},
        {"{{printf \"100%%\"}}", "100%"},
        {"{{printf \"%d\" \"x\"}}", "%!d(string=x)"},
        {"{{printf \"%s\" 1}}", "%!s(int=1)"},
        {"{{printf \"%d\"}}", "%!d(MISSING)"},
        {"{{printf \"x\" 1 \"y\"}}", "x%!(EXTRA int=1, string=y)"},
        {"{{printf \"%\"}}", "%!(NOVERB)"},
        {"{{printf \"%z\" 1}}", "%!z(int=1)"},
    });
    CHECK(error("{{printf \"%99999d\" 1}}").starts_with("printf: a width above 1000"));
    CHECK(error("{{printf 3}}").starts_with("printf: argument 1 is a number"));
}

TEST_CASE("templates: control characters of the data are escaped, the template's own are not") {
    check({
        {"{{.Evil}}", "e\\x1b\\n"},
        {"{{\"\\n\"}}{{println .Evil}}", "\ne\\x1b\\n\n"},
        {"{{printf \"%s\\n\" .Evil}}", "e\\x1b\\n\n"},
        {"{{join (split .Evil \"e\") \"\\n\"}}", "\n\\x1b\\n"},
        {"{{upper .Evil}}{{truncate .Evil 2}}{{pad .Evil 1 0}}", "E\\x1b\\ne\\x1b e\\x1b\\n"},
        {"{{printf .Evil}}", "e\\x1b\\n"},
        {"{{json .Evil}}", "\"e\\u001b\\n\""},
        {"{{eq .Evil \"e\\x1b\\n\"}}", "true"},
        {"{{range .Args}}{{.}}{{\"\\t\"}}{{end}}", "a\tb\tc\t"},
    });
}

TEST_CASE("templates: functions of the document") {
    check({
        {"{{.Label \"x\"}} [{{.Label \"none\"}}]", "1 []"},
        {"{{$d := .}}{{$d.Label \"x\"}} {{\"x\" | .Label}}", "1 1"},
    });
    CHECK(error("{{.Id \"x\"}}").starts_with(".Id is no function"));
    CHECK(error("{{.Label 3}}").starts_with(".Label: an argument is a number"));
}

TEST_CASE("templates: unknown fields are errors that say where") {
    CHECK(error("{{.State.Pidd}}") == "there is no field .State.Pidd (there is Pid), at character 3");
    CHECK(error("abc {{.Id.x}}") == "there is no field .Id.x, at character 7");
    CHECK(error("{{.Nothing.x}}").find("is nil") != std::string::npos);
    CHECK(error("{{.Health.Status}}").find("is nil") != std::string::npos);
    CHECK(error("{{.Labels.y.z}}").find("is nil") != std::string::npos);
}

TEST_CASE("templates: what is no template says why") {
    for (const char* text : {"{{", "{{.Id", "{{}}", "{{.Id.}}", "{{..}}", "{{.Id}", "{{if .Id}}", "{{if}}{{end}}", "{{end}}", "{{else}}",
                             "{{range .Args}}", "{{if .Id}}{{else}}{{else}}{{end}}", "{{nosuch .Id}}", "{{nil}}", "{{1 2}}", "{{\"a\" .Id}}",
                             "{{.Id | 1}}", "{{.Id |}}", "{{| upper}}", "{{(.Id}}", "{{.Id)}}", "{{\"a}}", "{{'ab'}}", "{{`a}}", "{{/* a }}",
                             "{{.Labels.a-b}}", "{{1x}}", "{{print\"a\"}}", "{{\"\\z\"}}", "{{\"\\x4\"}}", "{{with}}", "{{template x}}",
                             "{{1.Id}}", "{{%}}", "{{$x := }}", "{{range $i, := .Args}}{{end}}", "{{range .Args}}{{else range .Args}}{{end}}",
                             "{{define \"x\"}}", "{{block}}{{end}}", "{{if .Id}}{{end}}{{end}}", "{{(.Id) \"x\"}}", "{{$ 1}}", "{{. 1}}"}) {
        CAPTURE(text);
        CHECK(error(text).find("at character") != std::string::npos);
    }
    CHECK(error("{{uper .Id}}") == "there is no function uper, did you mean upper?, at character 3");
    CHECK(error("{{.Labels.with-dash}}").find("index .Labels") != std::string::npos);
    const std::string deep = std::string(200, '(');
    CHECK(error("{{" + deep + ".Id}}").starts_with("more than 100 levels"));
}

TEST_CASE("templates: headings from the fields") {
    const auto headings = [](const char* text) { return Template::parse(text).headings([](const std::string& field) { return "<" + field + ">"; }); };
    CHECK(headings("{{.ID}}\\t{{.State.Pid}}") == "<ID>\t<Pid>");
    CHECK(headings("{{json .Labels}} {{upper (.Id)}} {{printf \"%s\" .Names | lower}}") == "<Labels> <Id> <Names>");
    CHECK(headings("{{if .A}}{{.B}}{{else}}{{.C}}{{end}}{{range .D}}{{.}}{{end}}{{$x := .E}}") == "<B><D>");
    CHECK(headings("{{.Label \"x\"}}{{\"text\"}}") == "<Label>");
}
