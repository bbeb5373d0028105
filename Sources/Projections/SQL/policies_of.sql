-- The row-level policies of a table ($1) beyond those that each read table has, as statements that put them on another
-- ($2, under the name $3) that has none of that name.
SELECT format(
    'CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', p.policyname, $2, p.permissive, p.cmd,
    (SELECT string_agg(CASE WHEN r = 'public' THEN 'PUBLIC' ELSE quote_ident(r) END, ', ') FROM unnest(p.roles) r),
    ' USING (' || p.qual || ')', ' WITH CHECK (' || p.with_check || ')')
FROM pg_policies p
WHERE p.schemaname = 'read' AND p.tablename = $1 AND p.policyname NOT IN ('organization', 'everything')
    AND NOT EXISTS (
        SELECT FROM pg_policies q
        WHERE q.schemaname = 'read' AND q.tablename = $3 AND q.policyname = p.policyname
    )
