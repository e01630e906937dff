package tokenaudit.lib_test

import data.tokenaudit.lib

item(id, exists, alias_of) := {"id": id, "name": "", "primary": "no", "exists": exists, "alias_of": alias_of}

scope := {"state": "listed", "items": [
	item("gone", "no", ""),
	item("master", "yes", "master-2"),
	item("master-2", "yes", ""),
	object.union(item("blt1", "unknown", ""), {"name": "production"}),
]}

test_ten_items_are_listed if {
	lib.list([sprintf("e%d", [i]) | some i in numbers.range(1, 10)]) == "e1, e2, e3, e4, e5, e6, e7, e8, e9, e10"
}

test_more_than_ten_items_are_counted if {
	lib.list([sprintf("e%d", [i]) | some i in numbers.range(1, 76)]) == "e1, e2, e3, e4, e5, e6, e7, e8, e9, e10 and 66 more"
}

test_a_time_is_written_as_its_day if {
	lib.day("2026-11-22T23:59:59.5Z") == "2026-11-22"
}

test_the_reason_of_the_cms_comes_first if {
	lib.told("hidden", "not known") == "hidden"
	lib.told("", "not known") == "not known"
}

test_quantities_have_their_number if {
	lib.quantity(0, "day") == "0 days"
	lib.quantity(1, "day") == "1 day"
	lib.quantity(2, "environment") == "2 environments"
}

test_a_token_is_called_by_kind_and_name_once if {
	lib.token("delivery", "web") == `delivery token "web"`
	lib.token("personal", "personal token …b6jf of Ada") == `"personal token …b6jf of Ada"`
	lib.token("personal", "personal tokens") == `personal token "personal tokens"`
	lib.token("delivery", "") == `delivery token ""`
}

test_alias_and_target_are_one if {
	lib.reached(scope, "yes") == {"master-2"}
}

test_what_does_not_exist_is_apart if {
	lib.reached(scope, "no") == {"gone"}
	lib.reached(scope, "unknown") == {"blt1"}
}

test_one_name_that_is_there_is_enough if {
	both := {"items": [item("a", "yes", "b"), item("b", "no", ""), item("c", "unknown", "d"), item("d", "no", "")]}
	lib.reached(both, "yes") == {"b"}
	lib.reached(both, "unknown") == {"d"}
	lib.reached(both, "no") == set()
}

test_names_tell_aliases_and_display_names if {
	lib.names(scope, ["blt1", "gone", "master-2"]) == "production (blt1), gone, master-2 (alias master)"
}

test_names_are_cut if {
	lib.names(scope, [sprintf("e%d", [i]) | some i in numbers.range(1, 12)]) == "e1, e2, e3, e4, e5, e6, e7, e8, e9, e10 and 2 more"
}

test_called_by_name_else_id if {
	lib.called("owner", "Ada", "u1") == `owner "Ada"`
	lib.called("owner", "", "u1") == `owner "u1"`
	lib.called("role", "", "") == "role, whose name is unknown,"
}
