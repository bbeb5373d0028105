CREATE POLICY organization ON {table} TO daybook_app, daybook_auditor
    USING (organization_id = log.current_organization())
