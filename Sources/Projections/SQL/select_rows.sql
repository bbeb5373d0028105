SELECT id, {columns} FROM {rows} WHERE {which}
