-- What 011 has copied. In a migration of its own: one that is cut short is applied again from its start.
DROP TABLE IF EXISTS ops_upstream_errors_1m;
DROP TABLE IF EXISTS ops_upstream_errors_1h_model;
DROP TABLE IF EXISTS ops_upstream_errors_1h_account;
DROP TABLE IF EXISTS ops_upstream_errors_1h_group;
DROP TABLE IF EXISTS ops_upstream_errors_6h_group_account;
DROP TABLE IF EXISTS ops_upstream_errors_6h_group_model;
