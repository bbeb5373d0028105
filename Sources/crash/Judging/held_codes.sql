SELECT DISTINCT concat_ws(' at ', code, "column") FROM read.held WHERE organization_id = $1
