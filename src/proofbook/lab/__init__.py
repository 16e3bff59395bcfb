"""JupyterLab on a project: tasks open with the pipeline's parameters, which saving does not keep."""
