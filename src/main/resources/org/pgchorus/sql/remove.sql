-- Takes away what install.sql and the tables' triggers made; the triggers go with their functions.
DROP SCHEMA IF EXISTS pgchorus CASCADE;
