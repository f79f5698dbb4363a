"""CloudWatch dashboards as code, one module per scenario."""
