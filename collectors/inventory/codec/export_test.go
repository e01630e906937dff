package codec

import "reflect"

// EachValue calls change for v, which can be set, and for all exported values in
// it, also behind pointers.
func EachValue(v reflect.Value, change func(reflect.Value)) {
	change(v)
	switch v.Kind() {
	case reflect.Struct:
		for field, value := range v.Fields() {
			if field.IsExported() {
				EachValue(value, change)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			EachValue(v.Elem(), change)
		}
	case reflect.Slice:
		for i := range v.Len() {
			EachValue(v.Index(i), change)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			EachValue(value, change)
			v.SetMapIndex(key, value)
		}
	}
}
