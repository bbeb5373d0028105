CREATE POLICY organization ON {table} TO daybook_app, daybook_auditor
    USING (organization_id = current_setting('daybook.organization', true)::uuid)
