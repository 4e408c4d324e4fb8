"""How quickly the API and the coordinator's SQL answer with very many jobs and trials on record."""
