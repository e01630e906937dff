# What several rules say, said once: lists, numbers and scopes in messages.
package tokenaudit.lib

# list joins texts for a message: ten of them, and how many more there are.
list(texts) := more(array.slice(texts, 0, 10), count(texts))

more(shown, total) := concat(", ", shown) if total <= 10

more(shown, total) := sprintf("%s and %d more", [concat(", ", shown), total - 10]) if total > 10

# day writes a time as its date in UTC.
day(moment) := substring(moment, 0, 10)

# told is the reason that the CMS tells, or else what the rule says instead.
told(reason, _) := reason if reason != ""

told("", otherwise) := otherwise

# quantity writes a number with its unit, such as "1 day" or "2 days".
quantity(1, unit) := sprintf("1 %s", [unit])

quantity(n, unit) := sprintf("%d %ss", [n, unit]) if n != 1

# called writes an owner or a role for a message, by its name, else its id. It takes these two
# alone: a rule that reads the whole owner would wait for facts of the owner that it does not use.
called(noun, name, _) := sprintf("%s %q", [noun, name]) if name != ""

called(noun, name, id) := sprintf("%s %q", [noun, id]) if {
	name == ""
	id != ""
}

called(noun, name, id) := sprintf("%s, whose name is unknown,", [noun]) if {
	name == ""
	id == ""
}

# token writes a token for a message, by its kind and its name. A name that a collector made, such as
# "personal token …b6jf of Ada", has the kind already.
token(kind, name) := sprintf("%q", [name]) if startswith(name, sprintf("%s token ", [kind]))

token(kind, name) := sprintf("%s token %q", [kind, name]) if not startswith(name, sprintf("%s token ", [kind]))

# reached returns the ids that a scope reaches, of those whose existence is told as "yes", "no" or
# "unknown". An alias reaches the environment that it points to, and one of two names that is
# there is enough for both.
reached(scope, "yes") := targets(scope, "yes")

reached(scope, "unknown") := targets(scope, "unknown") - targets(scope, "yes")

reached(scope, "no") := (targets(scope, "no") - targets(scope, "yes")) - targets(scope, "unknown")

targets(scope, exists) := {id |
	some item in scope.items
	item.exists == exists
	id := target(item)
}

target(item) := item.id if item.alias_of == ""

target(item) := item.alias_of if item.alias_of != ""

# names lists ids of a scope, each with its name and its aliases: the name first, which people know.
names(scope, ids) := more([label(known_as(scope, id)) | some id in array.slice(ids, 0, 10)], count(ids))

label(words) := words[0] if count(words) == 1

label(words) := sprintf("%s (%s)", [words[0], concat(", ", array.slice(words, 1, count(words)))]) if count(words) > 1

known_as(scope, id) := array.flatten([
	[item.name | some item in scope.items; item.id == id; not item.name in {"", id}],
	id,
	[sprintf("alias %s", [item.id]) | some item in scope.items; item.alias_of == id],
])

# leaks says where leak scanners have found something: the first place, and how many more there are.
leaks(places) := leak(places[0]) if count(places) == 1

leaks(places) := sprintf("%s, and 1 more place", [leak(places[0])]) if count(places) == 2

leaks(places) := sprintf("%s, and %d more places", [leak(places[0]), count(places) - 1]) if count(places) > 2

leak(place) := sprintf("%s found it in %s", [place.tool, concat(", ", array.flatten([in_file(place.file), on_line(place.line), of_commit(place.commit)]))])

in_file("") := "a place that it does not name"

in_file(file) := file if file != ""

on_line(0) := []

on_line(line) := [sprintf("line %d", [line])] if line > 0

of_commit("") := []

of_commit(id) := [sprintf("commit %s", [substring(id, 0, 12)])] if id != ""
