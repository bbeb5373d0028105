SELECT wrapped FROM vault.master_key
