// The parser: one function for each rule of the grammar, see cli/templates/parser.h.
#include "cli/templates/parser.h"

#include "cli/output.h"
#include "cli/templates/functions.h"
#include "cli/templates/lexer.h"
#include "cli/templates/numbers.h"
#include "cli/templates/syntax_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace cli::templates {
namespace {

using Kind = Token::Kind;

/// Deep enough for whoever writes templates, and far from the end of the stack.
constexpr int most_depth = 100;

constexpr std::array<std::string_view, 10> keywords{"if",    "range",    "with",   "else",     "end",
                                                    "break", "continue", "define", "template", "block"};

class Parser {
public:
    Parser(std::string_view text, std::size_t start) : tokens_(lex(text, start)) {}

    ParsedTemplate run() {
        ParsedTemplate parsed;
        parsed_ = &parsed;
        parsed.body = parse_block();
        if (current().kind != Kind::end) fail(current().offset, "{{", next_keyword(), "}} without a beginning");
        check_calls();
        return parsed;
    }

private:
    const Token& current() const { return tokens_[at_]; }
    const Token& next() { return tokens_[at_++]; }
    bool is(Kind kind) const { return current().kind == kind; }

    /// The word after {{, where it is a keyword.
    std::string_view next_keyword() const {
        if (!is(Kind::open) || tokens_[at_ + 1].kind != Kind::identifier) return {};
        const auto found = std::ranges::find(keywords, std::string_view(tokens_[at_ + 1].text));
        return found == keywords.end() ? std::string_view{} : *found;
    }

    const Token& expect(Kind kind, std::string_view what) {
        if (!is(kind)) fail(current().offset, "expected ", what);
        return next();
    }

    /// Statements up to an {{else}} or {{end}} of somebody else's.
    Block parse_block() {
        Block block;
        for (;;) {
            const std::string_view keyword = next_keyword();
            if (is(Kind::end) || keyword == "else" || keyword == "end") return block;
            if (is(Kind::text)) {
                block.push_back({.kind = Statement::Kind::text, .offset = current().offset, .text = current().text});
                ++at_;
            } else if (keyword == "define") {
                parse_define();
            } else {
                block.push_back(parse_statement(keyword));
            }
        }
    }

    Statement parse_statement(std::string_view keyword) {
        const std::size_t offset = next().offset; // {{
        if (keyword.empty()) {
            Statement statement{.kind = Statement::Kind::print, .offset = offset, .pipeline = parse_pipeline("a field or a function")};
            expect(Kind::close, "}}");
            return statement;
        }
        next();
        if (keyword == "if") return parse_control(Statement::Kind::branch, "if", offset);
        if (keyword == "range") return parse_control(Statement::Kind::range, "range", offset);
        if (keyword == "with") return parse_control(Statement::Kind::with, "with", offset);
        if (keyword == "template") return parse_call(offset);
        if (keyword == "block") return parse_inline_block(offset);
        if (loops_ == 0) fail(offset, "{{", keyword, "}} outside of a range");
        expect(Kind::close, "}}");
        return {.kind = keyword == "break" ? Statement::Kind::break_loop : Statement::Kind::continue_loop, .offset = offset};
    }

    /// if, range and with, from behind the keyword to behind their {{end}}.
    Statement parse_control(Statement::Kind kind, std::string_view keyword, std::size_t offset) {
        if (++depth_ > most_depth) fail(offset, "more than ", most_depth, " levels");
        const std::size_t scope = variables_.size();
        in_range_head_ = kind == Statement::Kind::range;
        Statement statement{.kind = kind, .offset = offset, .pipeline = parse_pipeline(keyword)};
        expect(Kind::close, "}}");
        loops_ += kind == Statement::Kind::range;
        statement.body = parse_block();
        loops_ -= kind == Statement::Kind::range;
        if (next_keyword() == "else") statement.otherwise = parse_else(statement.kind, keyword, offset);
        else parse_end(keyword, offset);
        variables_.resize(scope);
        --depth_;
        return statement;
    }

    /// {{else}}, {{else if …}} and {{else with …}}; the latter two share the {{end}}.
    Block parse_else(Statement::Kind kind, std::string_view keyword, std::size_t offset) {
        next();
        const std::size_t else_offset = next().offset;
        const bool chained = is(Kind::identifier) && current().text == keyword && kind != Statement::Kind::range;
        if (chained) {
            next();
            Block block;
            block.push_back(parse_control(kind, keyword, else_offset));
            return block;
        }
        expect(Kind::close, "}} after else");
        Block block = parse_block();
        if (next_keyword() == "else") fail(current().offset, "a second {{else}} for one {{", keyword, "}}");
        parse_end(keyword, offset);
        return block;
    }

    void parse_end(std::string_view keyword, std::size_t offset) {
        if (next_keyword() != "end") fail(offset, "{{", keyword, "}} without its {{end}}");
        next();
        next();
        expect(Kind::close, "}} after end");
    }

    std::string parse_name() { return expect(Kind::string, "the quoted name of a template").text; }

    Statement parse_call(std::size_t offset) {
        Statement statement{.kind = Statement::Kind::call, .offset = offset, .text = parse_name()};
        if (!is(Kind::close)) statement.pipeline = parse_pipeline("template");
        expect(Kind::close, "}}");
        calls_.emplace_back(statement.text, offset);
        return statement;
    }

    /// {{block "name" pipeline}} body {{end}}: defines it and calls it.
    Statement parse_inline_block(std::size_t offset) {
        Statement statement{.kind = Statement::Kind::call, .offset = offset, .text = parse_name(), .pipeline = parse_pipeline("block")};
        expect(Kind::close, "}}");
        parse_named(statement.text, "block", offset);
        return statement;
    }

    void parse_define() {
        const std::size_t offset = next().offset;
        next();
        if (depth_ > 0) fail(offset, "{{define}} inside of another action");
        const std::string name = parse_name();
        expect(Kind::close, "}}");
        parse_named(name, "define", offset);
    }

    /// The body of a named template, which sees no variables but its own $ and has no loop around it.
    void parse_named(const std::string& name, std::string_view keyword, std::size_t offset) {
        if (++depth_ > most_depth) fail(offset, "more than ", most_depth, " levels");
        std::vector<std::string> outer{"$"};
        std::swap(outer, variables_);
        const int loops = std::exchange(loops_, 0);
        Block body = parse_block();
        parse_end(keyword, offset);
        std::swap(outer, variables_);
        loops_ = loops;
        --depth_;
        if (!parsed_->named.emplace(name, std::move(body)).second) fail(offset, "a second template named \"", escaped(name), "\"");
    }

    void check_calls() const {
        for (const auto& [name, offset] : calls_)
            if (!parsed_->named.contains(name)) fail(offset, "there is no template named \"", escaped(name), "\"");
    }

    Pipeline parse_pipeline(std::string_view where) {
        Pipeline pipeline{.offset = current().offset};
        parse_declaration(pipeline);
        in_range_head_ = false;
        do {
            pipeline.commands.push_back(parse_command(where, !pipeline.commands.empty()));
        } while (is(Kind::pipe) && (next(), true));
        for (const std::string& name : pipeline.variables)
            if (!pipeline.assigns) variables_.push_back(name);
        return pipeline;
    }

    /// "$x :=", "$x =" and, after range, "$i, $x :=".
    void parse_declaration(Pipeline& pipeline) {
        if (!is(Kind::variable)) return;
        std::size_t length = 1;
        if (in_range_head_ && tokens_[at_ + 1].kind == Kind::comma && tokens_[at_ + 2].kind == Kind::variable) length = 3;
        const Kind sign = tokens_[at_ + length].kind;
        if (sign != Kind::declare && sign != Kind::assign) return;
        pipeline.assigns = sign == Kind::assign;
        for (std::size_t i = 0; i < length; i += 2) {
            const Token& token = tokens_[at_ + i];
            if (token.text == "$" || (pipeline.assigns && !knows(token.text))) fail(token.offset, "there is no variable ", token.text, " to assign to");
            pipeline.variables.push_back(token.text);
        }
        at_ += length + 1;
    }

    bool knows(const std::string& variable) const { return std::ranges::find(variables_, variable) != variables_.end(); }

    Command parse_command(std::string_view where, bool piped_into) {
        Command command;
        while (!is(Kind::close) && !is(Kind::pipe) && !is(Kind::right_paren)) {
            if (!command.words.empty() && !current().after_blank) fail(current().offset, "a blank is missing before this");
            command.words.push_back(parse_operand());
        }
        if (command.words.empty()) fail(current().offset, "something is missing: ", piped_into ? "a function after |" : where);
        const Operand& first = command.words.front();
        const bool constant = first.kind == Operand::Kind::constant || first.kind == Operand::Kind::nil || first.kind == Operand::Kind::dot;
        const bool plain = constant && first.fields.empty();
        if (plain && piped_into) fail(first.offset, "only a function can stand after |");
        if (plain && command.words.size() > 1) fail(command.words[1].offset, "an argument without a function");
        if (first.kind == Operand::Kind::nil) fail(first.offset, "nil is no command");
        return command;
    }

    Operand parse_operand() {
        Operand operand = parse_term();
        while (is(Kind::field) && (!current().after_blank)) {
            if (operand.kind == Operand::Kind::constant || operand.kind == Operand::Kind::nil) fail(current().offset, "a field of a constant");
            operand.fields.push_back(next().text);
        }
        return operand;
    }

    Operand parse_term() {
        const Token& token = current();
        Operand operand{.offset = token.offset};
        switch (token.kind) {
        case Kind::field: operand.fields.push_back(token.text); break; // of the dot
        case Kind::dot: break;
        case Kind::identifier: read_identifier(operand, token); break;
        case Kind::variable:
            if (!knows(token.text)) fail(token.offset, "there is no variable ", token.text);
            operand.kind = Operand::Kind::variable;
            operand.name = token.text;
            break;
        case Kind::number: set_constant(operand, Value::own(parse_number(token.text, token.offset))); break;
        case Kind::character: set_constant(operand, Value::own(parse_character(token.text, token.offset))); break;
        case Kind::string: set_constant(operand, Value::own(token.text)); break;
        case Kind::left_paren: return parse_parentheses(operand);
        default: fail(token.offset, "expected a field, a function or a value");
        }
        next();
        return operand;
    }

    static void set_constant(Operand& operand, Value value) {
        operand.kind = Operand::Kind::constant;
        operand.constant = std::move(value);
    }

    static void read_identifier(Operand& operand, const Token& token) {
        if (token.text == "true" || token.text == "false") return set_constant(operand, Value::own(token.text == "true"));
        operand.kind = token.text == "nil" ? Operand::Kind::nil : Operand::Kind::function;
        operand.name = token.text;
        if (operand.kind == Operand::Kind::function && !is_function(token.text))
            fail(token.offset, "there is no function ", escaped(token.text), nearest_function(token.text));
    }

    Operand parse_parentheses(Operand operand) {
        const std::size_t offset = next().offset;
        if (++depth_ > most_depth) fail(offset, "more than ", most_depth, " levels");
        operand.kind = Operand::Kind::pipeline;
        operand.inner.push_back(parse_pipeline("a value in parentheses"));
        if (!is(Kind::right_paren)) fail(offset, "( without )");
        next();
        --depth_;
        return operand;
    }

    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    ParsedTemplate* parsed_ = nullptr;
    std::vector<std::string> variables_{"$"}; ///< those in scope, with their $
    std::vector<std::pair<std::string, std::size_t>> calls_;
    int loops_ = 0; ///< how many ranges are around
    int depth_ = 0;
    bool in_range_head_ = false;
};

} // namespace

ParsedTemplate parse_template(std::string_view text, std::size_t start) { return Parser(text, start).run(); }

} // namespace cli::templates
