// The evaluator, see cli/templates/evaluator.h.
#include "cli/templates/evaluator.h"

#include "cli/output.h"
#include "cli/suggest.h"
#include "cli/templates/functions.h"
#include "cli/templates/syntax_error.h"

#include <nlohmann/json.hpp>

#include <strings.h>

#include <algorithm>
#include <utility>

namespace cli::templates {
namespace {

using nlohmann::json;

constexpr int most_calls = 100; ///< of templates by templates

class Evaluator {
public:
    Evaluator(const ParsedTemplate& parsed, const Schema& schema) : parsed_(parsed), schema_(schema) {}

    std::string run(const Value& data) {
        variables_.emplace_back("$", data);
        walk(parsed_.body, data);
        return std::move(out_);
    }

private:
    enum class Next { go_on, break_loop, continue_loop };

    // ---- statements

    Next walk(const Block& block, const Value& dot) {
        const std::size_t scope = variables_.size();
        Next next = Next::go_on;
        for (const Statement& statement : block) {
            next = execute(statement, dot);
            if (next != Next::go_on) break;
        }
        shrink(scope);
        return next;
    }

    void shrink(std::size_t scope) { variables_.erase(variables_.begin() + static_cast<std::ptrdiff_t>(scope), variables_.end()); }

    Next execute(const Statement& statement, const Value& dot) {
        using Kind = Statement::Kind;
        switch (statement.kind) {
        case Kind::text: out_ += statement.text; break;
        case Kind::print: print(statement, dot); break;
        case Kind::branch:
        case Kind::with: return choose(statement, dot);
        case Kind::range: return loop(statement, dot);
        case Kind::call: call_template(statement, dot); break;
        case Kind::break_loop: return Next::break_loop;
        case Kind::continue_loop: return Next::continue_loop;
        }
        return Next::go_on;
    }

    void print(const Statement& statement, const Value& dot) {
        const Value value = evaluate(statement.pipeline, dot);
        if (statement.pipeline.variables.empty()) out_ += value.printed();
    }

    Next choose(const Statement& statement, const Value& dot) {
        const std::size_t scope = variables_.size();
        const Value value = evaluate(statement.pipeline, dot);
        Next next = Next::go_on;
        if (!value.is_true()) next = walk(statement.otherwise, dot);
        else next = walk(statement.body, statement.kind == Statement::Kind::with ? value : dot);
        shrink(scope);
        return next;
    }

    Next loop(const Statement& statement, const Value& dot) {
        const std::size_t scope = variables_.size();
        const Value over = evaluate_commands(statement.pipeline, dot);
        const json& data = over.data();
        Next next = Next::go_on;
        bool any = false;
        const auto turn = [&](const Value& key, const Value& element) {
            any = true;
            shrink(scope);
            set_loop_variables(statement.pipeline, key, element);
            next = walk(statement.body, element);
            return next != Next::break_loop;
        };
        if (data.is_array()) {
            for (std::size_t i = 0; i < data.size(); ++i)
                if (!turn(Value::own(i), over.element(i))) break;
        } else if (data.is_object()) {
            for (auto item = data.begin(); item != data.end(); ++item)
                if (!turn(over.derived(item.key()), over.part(*item))) break;
        } else if (data.is_number_integer()) {
            for (std::int64_t i = 0; i < data.get<std::int64_t>(); ++i)
                if (!turn(Value::own(i), Value::own(i))) break;
        } else if (!data.is_null()) {
            fail(statement.pipeline.offset, "range over ", over.kind());
        }
        shrink(scope);
        return any ? Next::go_on : walk(statement.otherwise, dot);
    }

    void set_loop_variables(const Pipeline& pipeline, const Value& key, const Value& element) {
        const auto& names = pipeline.variables;
        if (names.empty()) return;
        if (names.size() == 2) set(names[0], key, pipeline.assigns);
        set(names.back(), element, pipeline.assigns);
    }

    void call_template(const Statement& statement, const Value& dot) {
        if (++calls_ > most_calls) fail(statement.offset, "more than ", most_calls, " templates call each other");
        const Value argument = statement.pipeline.commands.empty() ? Value() : evaluate(statement.pipeline, dot);
        std::vector<std::pair<std::string, Value>> outer{{"$", argument}};
        std::swap(outer, variables_);
        walk(parsed_.named.at(statement.text), argument);
        std::swap(outer, variables_);
        --calls_;
    }

    // ---- values

    void set(const std::string& name, const Value& value, bool assigns) {
        if (assigns) variable(name) = value;
        else variables_.emplace_back(name, value);
    }

    /// The innermost of that name; the parser has seen to it that there is one.
    Value& variable(const std::string& name) {
        return std::find_if(variables_.rbegin(), variables_.rend(), [&](const auto& entry) { return entry.first == name; })->second;
    }

    Value evaluate(const Pipeline& pipeline, const Value& dot) {
        Value value = evaluate_commands(pipeline, dot);
        for (const std::string& name : pipeline.variables) set(name, value, pipeline.assigns);
        return value;
    }

    Value evaluate_commands(const Pipeline& pipeline, const Value& dot) {
        const Value* piped = nullptr;
        Value value;
        for (const Command& command : pipeline.commands) {
            value = evaluate(command, dot, piped);
            piped = &value;
        }
        return value;
    }

    Value evaluate(const Command& command, const Value& dot, const Value* piped) {
        const Operand& first = command.words.front();
        if (first.kind == Operand::Kind::function && first.fields.empty()) return call_named(command, dot, piped);
        const std::size_t given = command.words.size() - 1 + (piped != nullptr ? 1 : 0);
        if (given == 0) return evaluate(first, dot);
        if (first.fields.empty()) fail(first.offset, "only a function takes arguments");
        return call_method(command, dot, piped);
    }

    Value call_named(const Command& command, const Value& dot, const Value* piped) {
        const Operand& function = command.words.front();
        std::vector<Value> arguments;
        const bool lazy = is_lazy(function.name);
        const bool stop_at = function.name == "or";
        for (std::size_t i = 1; i < command.words.size(); ++i) {
            arguments.push_back(evaluate(command.words[i], dot));
            if (lazy && arguments.back().is_true() == stop_at) return arguments.back();
        }
        if (piped != nullptr) arguments.push_back(*piped);
        if (lazy && !arguments.empty()) return arguments.back();
        return call_function({function.name, function.offset, arguments});
    }

    /// {{.Label "name"}}: a function of the document.
    Value call_method(const Command& command, const Value& dot, const Value* piped) {
        Operand receiver = command.words.front();
        const std::string name = receiver.fields.back();
        receiver.fields.pop_back();
        const auto method = std::ranges::find(schema_.methods, std::string_view(name), &Schema::Method::name);
        const Value object = evaluate(receiver, dot);
        if (method == schema_.methods.end() || !object.data().is_object())
            fail(receiver.offset, ".", escaped(name), " is no function and takes no arguments");
        std::vector<std::string> arguments;
        for (std::size_t i = 1; i < command.words.size(); ++i) arguments.push_back(text_argument(evaluate(command.words[i], dot), name, receiver.offset));
        if (piped != nullptr) arguments.push_back(text_argument(*piped, name, receiver.offset));
        return object.derived(method->call(object.data(), arguments));
    }

    static std::string text_argument(const Value& value, const std::string& name, std::size_t offset) {
        if (!value.data().is_string()) fail(offset, ".", escaped(name), ": an argument is ", value.kind(), ", expected a text");
        return value.data().get<std::string>();
    }

    Value evaluate(const Operand& operand, const Value& dot) {
        using Kind = Operand::Kind;
        Value value;
        switch (operand.kind) {
        case Kind::dot: value = dot; break;
        case Kind::nil: value = Value::nil(); break;
        case Kind::constant: value = operand.constant; break;
        case Kind::variable: value = variable(operand.name); break;
        case Kind::function: value = call_function({operand.name, operand.offset, {}}); break;
        case Kind::pipeline: value = evaluate(operand.inner.front(), dot); break;
        }
        std::string walked;
        for (const std::string& name : operand.fields) {
            walked += "." + name;
            value = field(value, name, walked, operand.offset);
        }
        return value;
    }

    // ---- fields

    static bool holds(std::span<const std::string_view> names, std::string_view name) {
        return std::ranges::any_of(names, [&](std::string_view known) {
            return known.size() == name.size() && ::strncasecmp(known.data(), name.data(), name.size()) == 0;
        });
    }

    Value field(const Value& value, const std::string& name, const std::string& walked, std::size_t offset) {
        const json& data = value.data();
        if (!data.is_object()) fail(offset, "there is no field ", walked, data.is_null() ? ": what it would be in is nil" : "");
        const json* found = find_member(value, name);
        if (found != nullptr) {
            const Value part = value.part(*found);
            return part.data().is_object() && holds(schema_.maps, name) ? part.with_free_keys() : part;
        }
        if (value.has_free_keys()) return {};
        if (holds(schema_.optional, name)) return Value::nil();
        fail(offset, "there is no field ", walked, near_field(data, name));
    }

    /// By the exact name, else by one that differs in case only.
    static const json* find_member(const Value& value, const std::string& name) {
        static const json none = json::object();
        const json& fields = value.fields() == nullptr ? none : *value.fields();
        for (const json* object : {&fields, &value.data()})
            if (const auto found = object->find(name); found != object->end()) return &*found;
        for (const json* object : {&fields, &value.data()})
            for (auto member = object->begin(); member != object->end(); ++member)
                if (::strcasecmp(member.key().c_str(), name.c_str()) == 0) return &*member;
        return nullptr;
    }

    static std::string near_field(const json& object, const std::string& name) {
        std::vector<std::string_view> names;
        for (const auto& [key, member] : object.items()) names.emplace_back(key);
        const std::string near = nearest(name, names);
        return near.empty() ? "" : cat(" (there is ", escaped(near), ")");
    }

    const ParsedTemplate& parsed_;
    const Schema& schema_;
    std::vector<std::pair<std::string, Value>> variables_;
    std::string out_;
    int calls_ = 0;
};

// ---- headings

using Heading = std::function<std::string(const std::string&)>;

const std::string* first_field(const Pipeline& pipeline) {
    for (const Command& command : pipeline.commands) {
        for (const Operand& word : command.words) {
            if (!word.fields.empty()) return &word.fields.back();
            const std::string* inner = word.inner.empty() ? nullptr : first_field(word.inner.front());
            if (inner != nullptr) return inner;
        }
    }
    return nullptr;
}

void append_headings(std::string& out, const Block& block, const Heading& heading) {
    for (const Statement& statement : block) {
        const std::string* field = first_field(statement.pipeline);
        if (statement.kind == Statement::Kind::text) {
            out += statement.text;
        } else if (statement.kind == Statement::Kind::branch || (field == nullptr && !statement.body.empty())) {
            append_headings(out, statement.body, heading);
        } else if (field != nullptr && statement.pipeline.variables.empty()) {
            out += heading(*field);
        }
    }
}

} // namespace

std::string evaluate(const ParsedTemplate& parsed, const Value& data, const Schema& schema) {
    return Evaluator(parsed, schema).run(data);
}

std::string headings_of(const ParsedTemplate& parsed, const Heading& heading) {
    std::string out;
    append_headings(out, parsed.body, heading);
    return out;
}

} // namespace cli::templates
