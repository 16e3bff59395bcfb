"""The language server: what lint says, in editors and in JupyterLab, while a notebook is being written."""
