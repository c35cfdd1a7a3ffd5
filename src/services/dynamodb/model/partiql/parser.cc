// The grammar of statements:
//   SELECT (* | path, ...) FROM table[.index] [WHERE ...] [ORDER BY name [ASC | DESC], ...]
//   INSERT INTO table VALUE {...}
//   UPDATE table (SET path = term, ... | REMOVE path, ...)+ WHERE ... [RETURNING ...]
//   DELETE FROM table WHERE ... [RETURNING ALL OLD *]
//   EXISTS (SELECT ...)
#include "services/dynamodb/model/partiql/parser.h"

#include "base/strings.h"
#include "services/dynamodb/model/expression/parser.h"
#include "services/dynamodb/model/partiql/conditions.h"
#include "services/dynamodb/model/partiql/tokens.h"

namespace mayfly::dynamodb::partiql {
namespace {

using MaybeTerm = std::optional<UpdateTerm>;

class StatementParser {
 public:
  StatementParser(std::string_view text, std::vector<Value> parameters)
      : tokens_(text, std::move(parameters)) {}

  Checked<Statement> parse() {
    statement();
    if (auto error = tokens_.finish()) return std::unexpected(std::move(*error));
    if (out_.kind == StatementKind::update) {
      if (auto distinct = check_overlaps(ExpressionKind::update, out_.update.targets());
          !distinct) {
        return std::unexpected(std::move(distinct).error());
      }
    }
    return std::move(out_);
  }

 private:
  bool statement() {
    if (tokens_.current().is_keyword("SELECT")) return select();
    if (tokens_.accept_keyword("INSERT")) return insert();
    if (tokens_.accept_keyword("UPDATE")) return update();
    if (tokens_.accept_keyword("DELETE")) return remove();
    if (tokens_.accept_keyword("EXISTS")) return exists();
    tokens_.malformed("Expected data manipulation");
    return false;
  }

  bool table() {
    auto name = tokens_.name();
    if (!name) return false;
    out_.table = std::move(*name);
    return true;
  }

  bool select() {
    tokens_.take();
    if (!columns() || !tokens_.expect_keyword("FROM") || !table()) return false;
    if (tokens_.accept(TokenKind::dot)) {
      auto index = tokens_.name();
      if (!index) return false;
      out_.index = std::move(*index);
    }
    if (tokens_.current().is_keyword("WHERE") && !where()) return false;
    return !tokens_.accept_keyword("ORDER") || order();
  }

  bool columns() {
    if (tokens_.accept(TokenKind::star)) return true;
    Projection& projection = out_.projection.emplace();
    do {
      if (tokens_.current().is(TokenKind::word) && tokens_.following().is(TokenKind::open)) {
        tokens_.refuse("Functions are not supported in the SELECT list: " + tokens_.current().text);
        return false;
      }
      auto path = tokens_.path();
      if (!path) return false;
      projection.push_back(std::move(*path));
    } while (tokens_.accept(TokenKind::comma));
    return true;
  }

  bool where() {
    if (!tokens_.expect_keyword("WHERE")) return false;
    out_.where = parse_where(tokens_, out_.constants);
    return out_.where.has_value();
  }

  bool order() {
    if (!tokens_.expect_keyword("BY")) return false;
    do {
      auto attribute = tokens_.name();
      if (!attribute) return false;
      OrderBy& order = out_.order.emplace_back();
      order.attribute = std::move(*attribute);
      if (tokens_.accept_keyword("DESC")) {
        order.direction = OrderBy::Direction::descending;
      } else {
        tokens_.accept_keyword("ASC");
      }
    } while (tokens_.accept(TokenKind::comma));
    return true;
  }

  bool insert() {
    out_.kind = StatementKind::insert;
    if (!tokens_.expect_keyword("INTO") || !table() || !tokens_.expect_keyword("VALUE")) {
      return false;
    }
    auto value = tokens_.value();
    if (!value) return false;
    Map* item = value->as<Map>();
    if (item == nullptr) {
      tokens_.malformed("Unexpected term");
      return false;
    }
    if (depth_of(*value) > kMaxNesting + 1) {
      tokens_.refuse(std::string(kNestedTooDeep));
      return false;
    }
    out_.item = std::move(*item);
    return true;
  }

  bool update() {
    out_.kind = StatementKind::update;
    if (!table()) return false;
    do {
      if (tokens_.accept_keyword("SET")) {
        if (!list(&StatementParser::assignment)) return false;
      } else if (tokens_.accept_keyword("REMOVE")) {
        if (!list(&StatementParser::removal)) return false;
      } else {
        tokens_.unexpected();
        return false;
      }
    } while (tokens_.current().is_keyword("SET") || tokens_.current().is_keyword("REMOVE"));
    return where() && returning();
  }

  bool list(bool (StatementParser::*part)()) {
    do {
      if (!(this->*part)()) return false;
    } while (tokens_.accept(TokenKind::comma));
    return true;
  }

  bool removal() {
    auto path = tokens_.path();
    if (!path) return false;
    out_.update.removes.push_back(std::move(*path));
    return true;
  }

  bool assignment() {
    auto path = tokens_.path();
    if (!path || !tokens_.expect(TokenKind::equal)) return false;
    if (at_call("set_add")) return set_change(std::move(*path), out_.update.adds);
    if (at_call("set_delete")) return set_change(std::move(*path), out_.update.deletes);
    MaybeTerm term = sum();
    if (!term) return false;
    out_.update.sets.push_back({std::move(*path), std::move(*term)});
    return true;
  }

  bool at_call(std::string_view name) const {
    return tokens_.current().is(TokenKind::word) && tokens_.following().is(TokenKind::open) &&
           base::equals_ignore_case(tokens_.current().text, name);
  }

  // SET path = set_add(path, <<...>>): ADD and DELETE of the expression language.
  bool set_change(Path target, std::vector<Update::WithValue>& out) {
    const std::string name = tokens_.take().text;
    tokens_.take();
    auto path = tokens_.path();
    if (!path || !tokens_.expect(TokenKind::comma)) return false;
    auto value = tokens_.value();
    if (!value || !tokens_.expect(TokenKind::close)) return false;
    if (*path != target) {
      tokens_.refuse("The first operand of " + name + " must be the path that is set; path: " +
                     describe(target) + ", first operand: " + describe(*path));
      return false;
    }
    if (value->type() < Type::ss) {
      tokens_.refuse("Incorrect operand type for operator or function; operator or function: " +
                     name + ", operand type: " + std::string(type_name(value->type())));
      return false;
    }
    out.push_back({std::move(target), out_.constants.add(std::move(*value))});
    return true;
  }

  MaybeTerm sum() {
    MaybeTerm left = term();
    const bool plus = tokens_.current().is(TokenKind::plus);
    if (!left || (!plus && !tokens_.current().is(TokenKind::minus))) return left;
    tokens_.take();
    MaybeTerm right = term();
    if (!right) return std::nullopt;
    UpdateTerm result;
    result.kind = plus ? UpdateTerm::Kind::plus : UpdateTerm::Kind::minus;
    result.arguments.push_back(std::move(*left));
    result.arguments.push_back(std::move(*right));
    return result;
  }

  MaybeTerm term() {
    if (tokens_.at_value()) {
      auto value = tokens_.value();
      if (!value) return std::nullopt;
      UpdateTerm result;
      result.value = out_.constants.add(std::move(*value));
      return result;
    }
    const bool append = at_call("list_append");
    if (append || at_call("if_not_exists")) {
      return call(append ? UpdateTerm::Kind::list_append : UpdateTerm::Kind::if_not_exists);
    }
    if (tokens_.current().is(TokenKind::word) && tokens_.following().is(TokenKind::open)) {
      return tokens_.refuse("Unsupported function: " + tokens_.current().text);
    }
    auto path = tokens_.path();
    if (!path) return std::nullopt;
    UpdateTerm result;
    result.kind = UpdateTerm::Kind::path;
    result.path = std::move(*path);
    return result;
  }

  MaybeTerm call(UpdateTerm::Kind kind) {
    const std::string name = tokens_.take().text;
    tokens_.take();
    if (!tokens_.enter()) return std::nullopt;
    MaybeTerm first = term();
    if (!first || !tokens_.expect(TokenKind::comma)) return std::nullopt;
    MaybeTerm second = sum();
    if (!second || !tokens_.expect(TokenKind::close)) return std::nullopt;
    tokens_.leave();
    UpdateTerm result;
    result.kind = kind;
    if (kind == UpdateTerm::Kind::list_append) {
      result.arguments.push_back(std::move(*first));
    } else if (first->kind != UpdateTerm::Kind::path) {
      return tokens_.refuse(
          "Operator or function requires a document path; operator or function: " + name);
    } else {
      result.path = std::move(first->path);
    }
    result.arguments.push_back(std::move(*second));
    return result;
  }

  bool remove() {
    out_.kind = StatementKind::remove;
    return tokens_.expect_keyword("FROM") && table() && where() && returning();
  }

  bool returning() {
    if (!tokens_.accept_keyword("RETURNING")) return true;
    const bool all = tokens_.accept_keyword("ALL");
    if (!all && !tokens_.expect_keyword("MODIFIED")) return false;
    const bool old = tokens_.accept_keyword("OLD");
    if (!old && !tokens_.expect_keyword("NEW")) return false;
    out_.returning = all ? (old ? Returning::all_old : Returning::all_new)
                         : (old ? Returning::modified_old : Returning::modified_new);
    if (out_.kind == StatementKind::remove && out_.returning != Returning::all_old) {
      tokens_.refuse("Only ALL OLD * is supported in the RETURNING clause of DELETE");
      return false;
    }
    return tokens_.expect(TokenKind::star);
  }

  bool exists() {
    if (!tokens_.expect(TokenKind::open)) return false;
    if (!tokens_.current().is_keyword("SELECT")) {
      tokens_.unexpected();
      return false;
    }
    if (!select()) return false;
    out_.kind = StatementKind::exists;
    return tokens_.expect(TokenKind::close);
  }

  Tokens tokens_;
  Statement out_;
};

}  // namespace

Checked<Statement> parse(std::string_view text, std::vector<Value> parameters) {
  return StatementParser(text, std::move(parameters)).parse();
}

}  // namespace mayfly::dynamodb::partiql
